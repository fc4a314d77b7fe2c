"""The directory of units in the database."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_cooperation.adapters.listing import in_country
from bp_cooperation.adapters.tables import AddresseeRow
from bp_cooperation.domain.addressee import Addressee
from bp_cooperation.usecases.asking import Listing
from bp_kit.listing import Listed
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlDirectory:
    """Units of all countries."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def active(self, units: Collection[str]) -> set[str]:
        """Returns those of the units that take part."""
        statement = select(AddresseeRow.unit).where(AddresseeRow.unit.in_(units), AddresseeRow.active)
        return set(await self._session.scalars(statement)) if units else set()

    async def named(self, units: Collection[str]) -> list[Addressee]:
        """Returns what is known of units."""
        rows = await self._session.scalars(select(AddresseeRow).where(AddresseeRow.unit.in_(units)))
        return [_addressee(row) for row in rows]

    async def find(self, unit: str) -> Addressee | None:
        """Returns what is known of a unit."""
        row = await self._session.get(AddresseeRow, unit, with_for_update=True)
        return _addressee(row) if row else None

    async def takes_part(self, country: str) -> bool:
        """Tells whether any unit of a country takes part."""
        known = select(AddresseeRow.unit).where(AddresseeRow.country == country, AddresseeRow.active)
        return await self._session.scalar(known.limit(1)) is not None

    async def save(self, addressee: Addressee) -> None:
        """Keeps what is known of a unit."""
        row = AddresseeRow(
            unit=addressee.unit,
            country=country_of(addressee.unit),
            display_name=addressee.display_name,
            kind=addressee.kind,
            active=addressee.active,
            version=addressee.version,
        )
        await self._session.merge(row)
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Addressee]:
        """Returns a page of the units that take part, by name.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            in_country(select(AddresseeRow).where(AddresseeRow.active), AddresseeRow.country, listing),
            listing=listing,
            keys=(AddresseeRow.unit,),
            columns={
                "display_name": AddresseeRow.display_name,
                "kind": AddresseeRow.kind,
                "country": AddresseeRow.country,
            },
        )
        return Listed([_addressee(row) for row in page.rows], page.next_token)


def _addressee(row: AddresseeRow) -> Addressee:
    return Addressee(
        unit=row.unit, display_name=row.display_name, kind=row.kind, active=row.active, version=row.version
    )
