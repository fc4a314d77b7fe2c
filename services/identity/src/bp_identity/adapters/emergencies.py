"""Emergencies in the database."""

from __future__ import annotations

from dataclasses import asdict, fields

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.tables import EmergencyRow
from bp_identity.domain.emergency import OPEN, Emergency
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlEmergencies:
    """Emergencies of all countries served here."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str) -> Emergency | None:
        """Returns the emergency, locked."""
        row = await self._session.get(EmergencyRow, name, with_for_update=True)
        return _emergency(row) if row else None

    async def has_open(self, officer: str) -> bool:
        """Tells whether one of the officer's waits for its review."""
        statement = select(EmergencyRow.name).where(EmergencyRow.officer == officer, EmergencyRow.state == OPEN)
        return await self._session.scalar(statement.limit(1)) is not None

    async def add(self, emergency: Emergency) -> None:
        """Keeps a new emergency."""
        self._session.add(_row(emergency))
        await self._session.flush()

    async def save(self, emergency: Emergency) -> None:
        """Keeps a reviewed emergency."""
        await self._session.merge(_row(emergency))
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Emergency]:
        """Returns a page of one country's emergencies, oldest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(EmergencyRow).where(EmergencyRow.country == country_of(listing.parent)),
            listing=listing,
            keys=(EmergencyRow.create_time, EmergencyRow.name),
            columns={"state": EmergencyRow.state, "officer": EmergencyRow.officer, "unit": EmergencyRow.unit},
        )
        return Listed([_emergency(row) for row in page.rows], page.next_token)


def _emergency(row: EmergencyRow) -> Emergency:
    return Emergency(**{field.name: getattr(row, field.name) for field in fields(Emergency)})


def _row(emergency: Emergency) -> EmergencyRow:
    return EmergencyRow(country=country_of(emergency.name), **asdict(emergency))
