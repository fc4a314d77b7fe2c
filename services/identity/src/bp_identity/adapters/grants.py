"""Grants in the database."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.tables import GrantRow, OfficerRow, UnitRow
from bp_identity.domain import officer as officers
from bp_identity.domain import unit as units
from bp_identity.domain.grant import ADMINISTRATOR, Grant
from bp_identity.domain.names import last_of, officer_of
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlGrants:
    """Roles of officers."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> Grant | None:
        """Returns the grant, locked when to be changed."""
        row = await self._session.get(GrantRow, name, with_for_update=for_change or None)
        return grant_of(row) if row else None

    async def add(self, grant: Grant) -> None:
        """Keeps a new grant."""
        self._session.add(_row(grant))
        await self._session.flush()

    async def save(self, grant: Grant) -> None:
        """Keeps a changed grant."""
        await self._session.merge(_row(grant))
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Grant]:
        """Returns a page of one officer's grants, or of a country's, oldest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        statement = select(GrantRow).where(GrantRow.country == country_of(listing.parent))
        if last_of(listing.parent) != "-":
            statement = statement.where(GrantRow.officer == listing.parent)
        page = await read_page(
            self._session,
            self._sealer,
            statement,
            listing=listing,
            keys=(GrantRow.create_time, GrantRow.name),
            columns={"role": GrantRow.role, "unit": GrantRow.unit},
        )
        return Listed([grant_of(row) for row in page.rows], page.next_token)

    async def of_officer(self, officer: str) -> list[Grant]:
        """Returns the officer's grants at units in service, ended ones included."""
        statement = (
            select(GrantRow)
            .join(UnitRow, UnitRow.name == GrantRow.unit)
            .where(GrantRow.officer == officer, UnitRow.state == units.ACTIVE)
            .order_by(GrantRow.name)
        )
        return [grant_of(row) for row in await self._session.scalars(statement)]

    async def officers_at(self, unit: str) -> list[str]:
        """Returns the names of officers with any grant at the unit."""
        statement = select(GrantRow.officer).where(GrantRow.unit == unit).distinct().order_by(GrantRow.officer)
        return list(await self._session.scalars(statement))

    async def administrators(self, country: str, now: datetime) -> list[str]:
        """Returns the country's active officers who administer it now; their grants are locked, always in the same order."""
        statement = (
            select(GrantRow.officer)
            .join(OfficerRow, OfficerRow.name == GrantRow.officer)
            .join(UnitRow, UnitRow.name == GrantRow.unit)
            .where(
                GrantRow.country == country,
                GrantRow.role == ADMINISTRATOR,
                GrantRow.start_time <= now,
                or_(GrantRow.end_time.is_(None), GrantRow.end_time > now),
                OfficerRow.state == officers.ACTIVE,
                UnitRow.state == units.ACTIVE,
            )
            .order_by(GrantRow.name)
            .with_for_update(of=GrantRow)
        )
        return sorted(set(await self._session.scalars(statement)))

    async def holders(self, country: str, roles: tuple[str, ...], now: datetime) -> list[str]:
        """Returns the country's active officers who hold one of these roles now, by name."""
        statement = (
            select(GrantRow.officer)
            .join(OfficerRow, OfficerRow.name == GrantRow.officer)
            .where(
                GrantRow.country == country,
                GrantRow.role.in_(roles),
                GrantRow.start_time <= now,
                or_(GrantRow.end_time.is_(None), GrantRow.end_time > now),
                OfficerRow.state == officers.ACTIVE,
            )
        )
        return sorted(set(await self._session.scalars(statement)))

    async def turned(self, after: datetime, until: datetime) -> list[str]:
        """Returns the officers with a grant that began or ended in that time."""
        statement = select(GrantRow.officer).where(
            or_(
                # One that began at once was told when it was given.
                and_(
                    GrantRow.start_time > after,
                    GrantRow.start_time <= until,
                    GrantRow.start_time > GrantRow.create_time,
                ),
                and_(GrantRow.end_time > after, GrantRow.end_time <= until),
            )
        )
        return sorted(set(await self._session.scalars(statement)))


def grant_of(row: GrantRow) -> Grant:
    """Returns the grant that a row keeps."""
    return Grant(
        name=row.name,
        role=row.role,
        unit=row.unit,
        start_time=row.start_time,
        end_time=row.end_time,
        create_time=row.create_time,
        creator=row.creator,
    )


def _row(grant: Grant) -> GrantRow:
    return GrantRow(country=country_of(grant.name), officer=officer_of(grant.name), **asdict(grant))
