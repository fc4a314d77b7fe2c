"""What a country's own directory calls officers and units, in the database, and what it finds of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.officers import officer_of_row
from bp_identity.adapters.tables import GrantRow, OfficerRow, ProvisionedRow, UnitRow
from bp_identity.adapters.units import unit_of_row
from bp_identity.domain import officer as officers
from bp_identity.domain import unit as units
from bp_identity.domain.officer import Officer
from bp_identity.domain.provisioned import Provisioned
from bp_identity.domain.unit import Unit
from bp_kit.names import country_of
from bp_kit.subjects.restrictions import readable

Record = TypeVar("Record")
# By which the directory knows a person: an address, until it has said otherwise.
USER_NAME = func.coalesce(ProvisionedRow.user_name, OfficerRow.email)
_SHOWN = or_(OfficerRow.state == officers.ACTIVE, ProvisionedRow.removed.is_(None), ProvisionedRow.removed.is_(False))


@dataclass(frozen=True)
class Found(Generic[Record]):
    """What a search found.

    Attributes:
        total: How many there are.
        records: Those asked for, by name, each with what the directory calls it.
    """

    total: int
    records: list[tuple[Record, Provisioned]]


@dataclass(frozen=True)
class Window:
    """Which of the found records are wanted.

    Attributes:
        skipped: So many from the beginning are not.
        most: So many at most.
    """

    skipped: int
    most: int


class SqlProvisioned:
    """What the country's own directory calls records of all countries served here."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, name: str) -> Provisioned | None:
        """Returns what it calls the officer or unit; None where it has not spoken of it yet."""
        row = await self._session.get(ProvisionedRow, name)
        return _provisioned(row, name) if row else None

    async def holder(self, country: str, user_name: str) -> str:
        """Returns the name of the country's officer whom it knows by that user name, in any case; empty for none."""
        name = user_name.lower()
        known = or_(
            ProvisionedRow.user_name == name, and_(ProvisionedRow.user_name.is_(None), OfficerRow.email == name)
        )
        statement = select(OfficerRow.name).outerjoin(ProvisionedRow, ProvisionedRow.name == OfficerRow.name)
        return await self._session.scalar(statement.where(OfficerRow.country == country, known).limit(1)) or ""

    async def save(self, provisioned: Provisioned) -> None:
        """Keeps it, new or changed."""
        said = asdict(provisioned)
        if provisioned.user_name is not None:
            said["user_name"] = provisioned.user_name.lower()
        await self._session.merge(ProvisionedRow(country=country_of(provisioned.name), **said))
        await self._session.flush()

    async def members_of(self, names: Collection[str], now: datetime) -> dict[str, tuple[str, ...]]:
        """Returns the officers, by name, who hold a role at each of the units that has not ended and whom it has not deleted."""
        statement = (
            select(GrantRow.unit, GrantRow.officer)
            .join(OfficerRow, OfficerRow.name == GrantRow.officer)
            .outerjoin(ProvisionedRow, ProvisionedRow.name == GrantRow.officer)
            .where(GrantRow.unit.in_(names), not_ended(now), _SHOWN)
            .distinct()
            .order_by(GrantRow.officer)
        )
        members: dict[str, list[str]] = {name: [] for name in names}
        for unit, officer in await self._session.execute(statement):
            members[unit].append(officer)
        return {unit: tuple(found) for unit, found in members.items()}

    async def people(self, country: str, condition: ColumnElement[bool], window: Window) -> Found[Officer]:
        """Returns officers of a country whom the directory has not deleted."""
        statement = (
            select(OfficerRow, ProvisionedRow)
            .outerjoin(ProvisionedRow, ProvisionedRow.name == OfficerRow.name)
            .where(OfficerRow.country == country, _SHOWN, condition)
        )
        total, rows = await self._found(statement, OfficerRow.name, window)
        return Found(total, [(officer_of_row(row), _provisioned(said, row.name)) for row, said in rows])

    async def groups(self, country: str, condition: ColumnElement[bool], window: Window) -> Found[Unit]:
        """Returns units of a country in service."""
        statement = (
            select(UnitRow, ProvisionedRow)
            .outerjoin(ProvisionedRow, ProvisionedRow.name == UnitRow.name)
            .where(UnitRow.country == country, UnitRow.state == units.ACTIVE, condition)
        )
        total, rows = await self._found(statement, UnitRow.name, window)
        return Found(total, [(unit_of_row(row), _provisioned(said, row.name)) for row, said in rows])

    async def _found(self, statement: Any, name: Any, window: Window) -> tuple[int, list[Any]]:
        """Returns how many there are, and those within the window; without what data-protection officers have blocked."""
        unblocked = readable(name)
        if unblocked is not None:
            statement = statement.where(unblocked)
        total = await self._session.scalar(select(func.count()).select_from(statement.subquery())) or 0
        shown = statement.order_by(name).offset(window.skipped).limit(window.most)
        return total, list(await self._session.execute(shown)) if window.most else []


def not_ended(now: datetime) -> ColumnElement[bool]:
    """Returns the condition that a grant holds or will hold."""
    return or_(GrantRow.end_time.is_(None), GrantRow.end_time > now)


def _provisioned(row: ProvisionedRow | None, name: str) -> Provisioned:
    if row is None:
        return Provisioned(name)
    return Provisioned(name, row.user_name, row.external_id, row.removed)
