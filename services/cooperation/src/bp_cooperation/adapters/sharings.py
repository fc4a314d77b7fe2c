"""Wishes to share requests, in the database."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_cooperation.adapters.tables import RequestRow, SharingRow
from bp_cooperation.domain.names import request_of
from bp_cooperation.domain.sharing import Sharing
from bp_cooperation.usecases.asking import Listing
from bp_kit.listing import Listed
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlSharings:
    """Wishes to share requests."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> Sharing | None:
        """Returns the wish, locked when it is to be changed."""
        row = await self._session.get(SharingRow, name, with_for_update=for_change or None)
        return _sharing(row) if row else None

    async def save(self, sharing: Sharing) -> None:
        """Keeps a wish."""
        columns = {**vars(sharing), "recipients": list(sharing.recipients), "request": request_of(sharing.name)}
        await self._session.merge(SharingRow(**columns))
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Sharing]:
        """Returns a page of the wishes to share a request that the caller's units asked for or decide, oldest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        units = sorted(listing.seer.units)
        decides = select(RequestRow.name).where(RequestRow.name == listing.parent, RequestRow.unit.in_(units))
        page = await read_page(
            self._session,
            self._sealer,
            select(SharingRow).where(
                SharingRow.request == listing.parent,
                or_(SharingRow.unit.in_(units), SharingRow.request.in_(decides)),
            ),
            listing=listing,
            keys=(SharingRow.create_time, SharingRow.name),
            columns={"state": SharingRow.state, "unit": SharingRow.unit, "create_time": SharingRow.create_time},
        )
        return Listed([_sharing(row) for row in page.rows], page.next_token)


def _sharing(row: SharingRow) -> Sharing:
    return Sharing(
        name=row.name,
        unit=row.unit,
        officer=row.officer,
        recipients=tuple(row.recipients),
        state=row.state,
        create_time=row.create_time,
        decide_time=row.decide_time,
    )
