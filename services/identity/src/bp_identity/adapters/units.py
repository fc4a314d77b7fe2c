"""Units in the database."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.tables import UnitRow
from bp_identity.domain.unit import Unit
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlUnits:
    """Units of all countries served here."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> Unit | None:
        """Returns the unit, locked when it is to be changed."""
        row = await self._session.get(UnitRow, name, with_for_update=for_change or None)
        return unit_of_row(row) if row else None

    async def add(self, unit: Unit) -> None:
        """Keeps a new unit.

        Raises:
            Refused: ALREADY_EXISTS.
        """
        if await self._session.get(UnitRow, unit.name):
            raise Refused("ALREADY_EXISTS", name=unit.name)
        self._session.add(UnitRow(country=country_of(unit.name), **asdict(unit)))
        await self._session.flush()

    async def save(self, unit: Unit) -> None:
        """Keeps a changed unit."""
        await self._session.merge(UnitRow(country=country_of(unit.name), **asdict(unit)))
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Unit]:
        """Returns a page of one country's units, by name.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(UnitRow).where(UnitRow.country == country_of(listing.parent)),
            listing=listing,
            keys=(UnitRow.name,),
            columns={"kind": UnitRow.kind, "state": UnitRow.state},
        )
        return Listed([unit_of_row(row) for row in page.rows], page.next_token)

    async def of_countries(self, countries: tuple[str, ...]) -> list[Unit]:
        """Returns all units of these countries, by name."""
        statement = select(UnitRow).where(UnitRow.country.in_(countries)).order_by(UnitRow.name)
        return [unit_of_row(row) for row in await self._session.scalars(statement)]


def unit_of_row(row: UnitRow) -> Unit:
    """Returns the unit that a row keeps."""
    return Unit(
        name=row.name,
        display_name=row.display_name,
        kind=row.kind,
        state=row.state,
        version=row.version,
        create_time=row.create_time,
        update_time=row.update_time,
    )
