"""Operations and who takes part, in the database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bp_cooperation.adapters.listing import in_country
from bp_cooperation.adapters.tables import MemberRow, OperationRow
from bp_cooperation.domain.operation import Member, Operation
from bp_cooperation.usecases.asking import Caller, Listing
from bp_kit.listing import Listed
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer

# They become parameters of every statement about records.
_MOST_OPERATIONS = 1000


class SqlOperations:
    """Operations that units here lead, and those in which officers of the countries served here take part."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> Operation | None:
        """Returns the operation, whoever asks, locked when it is to be changed."""
        row = await self._session.get(OperationRow, name, with_for_update=for_change or None)
        return _operation(row) if row else None

    async def find_seen(
        self, name: str, caller: Caller, now: datetime, *, for_change: bool = False
    ) -> Operation | None:
        """Returns the operation where the caller takes part or heads its unit; else the database gives nothing, as for none."""
        statement = select(OperationRow).where(OperationRow.name == name, _seen_by(caller, now))
        if for_change:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        row = (await self._session.scalars(statement)).one_or_none()
        return _operation(row) if row else None

    async def page(self, listing: Listing, now: datetime) -> Listed[Operation]:
        """Returns a page of the operations that the caller sees, newest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        statement = select(OperationRow).where(_seen_by(listing.seer, now))
        page = await read_page(
            self._session,
            self._sealer,
            in_country(statement, OperationRow.country, listing),
            listing=listing,
            keys=(OperationRow.create_time, OperationRow.name),
            columns={
                "display_name": OperationRow.display_name,
                "unit": OperationRow.unit,
                "create_time": OperationRow.create_time,
                "end_time": OperationRow.end_time,
            },
            descending=True,
        )
        return Listed([_operation(row) for row in page.rows], page.next_token)

    async def save(self, operation: Operation) -> None:
        """Keeps an operation."""
        await self._session.merge(OperationRow(**vars(operation), country=country_of(operation.name)))
        await self._session.flush()

    async def members(self, operation: str) -> list[Member]:
        """Returns all who take part, or did until their time ended, oldest first."""
        statement = select(MemberRow).where(MemberRow.operation == operation)
        rows = await self._session.scalars(statement.order_by(MemberRow.create_time, MemberRow.name))
        return [_member(row) for row in rows]

    async def members_page(self, listing: Listing) -> Listed[Member]:
        """Returns a page of them.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(MemberRow).where(MemberRow.operation == listing.parent),
            listing=listing,
            keys=(MemberRow.create_time, MemberRow.name),
            columns={
                "officer": MemberRow.officer,
                "country": MemberRow.country,
                "create_time": MemberRow.create_time,
                "end_time": MemberRow.end_time,
            },
        )
        return Listed([_member(row) for row in page.rows], page.next_token)

    async def find_member(self, name: str) -> Member | None:
        """Returns a member."""
        row = await self._session.get(MemberRow, name)
        return _member(row) if row else None

    async def add_member(self, member: Member) -> None:
        """Lets somebody take part."""
        self._session.add(MemberRow(**vars(member), operation=member.operation, country=member.country))
        await self._session.flush()

    async def remove_member(self, name: str) -> None:
        """Ends somebody's part."""
        await self._session.execute(delete(MemberRow).where(MemberRow.name == name))

    async def put_members(self, operation: str, countries: Collection[str], members: Collection[Member]) -> None:
        """Puts members in place of those that an operation had of these countries."""
        of_countries = MemberRow.country.in_(sorted(countries))
        await self._session.execute(delete(MemberRow).where(MemberRow.operation == operation, of_countries))
        for member in members:
            await self.add_member(member)

    async def of_officer(self, officer: str, now: datetime) -> frozenset[str]:
        """Returns the names of the operations in which an officer takes part: of more than a thousand, the newest."""
        lasting = _lasting(MemberRow.operation, now).where(MemberRow.officer == officer)
        newest = lasting.order_by(MemberRow.create_time.desc(), MemberRow.name).limit(_MOST_OPERATIONS)
        return frozenset(await self._session.scalars(newest))

    async def officers(self, operation: str, country: str, now: datetime) -> list[str]:
        """Returns the officers of a country who take part in an operation."""
        lasting = _lasting(MemberRow.officer, now).where(MemberRow.operation == operation, MemberRow.country == country)
        return list(await self._session.scalars(lasting.order_by(MemberRow.officer)))


def _lasting(column: InstrumentedAttribute[str], now: datetime) -> Select[str]:
    """Returns what selects a column of the members whose part has not ended."""
    return select(column).join(OperationRow, OperationRow.name == MemberRow.operation).where(_lasts(now))


def _lasts(now: datetime) -> ColumnElement[bool]:
    """Returns the condition that a membership, and its operation, has not ended."""
    return or_(MemberRow.end_time.is_(None), MemberRow.end_time > now) & or_(
        OperationRow.end_time.is_(None), OperationRow.end_time > now
    )


def _seen_by(caller: Caller, now: datetime) -> ColumnElement[bool]:
    """Returns the condition that the caller takes part in an operation, or heads the unit that leads it."""
    takes_part = exists().where(MemberRow.operation == OperationRow.name, MemberRow.officer == caller.name, _lasts(now))
    return or_(takes_part, OperationRow.unit.in_(sorted(caller.headed)))


def _operation(row: OperationRow) -> Operation:
    return Operation(**{name: getattr(row, name) for name in Operation.__dataclass_fields__})


def _member(row: MemberRow) -> Member:
    return Member(**{name: getattr(row, name) for name in Member.__dataclass_fields__})
