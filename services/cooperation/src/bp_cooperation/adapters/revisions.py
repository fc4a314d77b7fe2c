"""Wordings of what was corrected, in the database."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_cooperation.adapters.listing import seen_through
from bp_cooperation.adapters.tables import RevisionRow
from bp_cooperation.domain.directive import Revision
from bp_cooperation.domain.names import request_of
from bp_cooperation.usecases.asking import Listing
from bp_kit.listing import Listed
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlRevisions:
    """Wordings of requests and replies."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def add(self, revision: Revision) -> None:
        """Keeps a wording; the same one once."""
        if await self._session.get(RevisionRow, (revision.record, revision.number)) is None:
            self._session.add(RevisionRow(**vars(revision), request=request_of(revision.record)))
            await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Revision]:
        """Returns a page of the wordings of a request and its replies that the caller's units may see, oldest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(RevisionRow).where(
                RevisionRow.request == listing.parent, seen_through(RevisionRow.record, listing.seer)
            ),
            listing=listing,
            keys=(RevisionRow.record, RevisionRow.number),
            columns={
                "record": RevisionRow.record,
                "number": RevisionRow.number,
                "revise_time": RevisionRow.revise_time,
            },
        )
        return Listed([_revision(row) for row in page.rows], page.next_token)

    async def forget(self, record: str) -> None:
        """Destroys a record's wordings."""
        await self._session.execute(delete(RevisionRow).where(RevisionRow.record == record))


def _revision(row: RevisionRow) -> Revision:
    return Revision(row.record, row.number, row.title, row.text, row.bundle, row.revise_time)
