"""Requests and replies in the database: rows and back, and who may know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import and_, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_cooperation.adapters.listing import in_country, seen_through
from bp_cooperation.adapters.tables import AudienceRow, HandlingColumns, OpeningRow, ReplyRow, RequestRow, RungRow
from bp_cooperation.domain.handling import Handling
from bp_cooperation.domain.names import request_of
from bp_cooperation.domain.reply import Reply
from bp_cooperation.domain.request import DRAFT, PURGED, RECALLED, Request
from bp_cooperation.usecases.access import FIND, Access
from bp_cooperation.usecases.asking import Caller, Listing
from bp_kit.listing import Listed
from bp_kit.names import country_of
from bp_kit.paging import Keep, read_page
from bp_kit.sealing import Sealer

_LISTS = ("recipients", "shared_with")
Kind = TypeVar("Kind", Request, Reply)


def handling_of(row: HandlingColumns) -> Handling:
    """Returns a row's handling."""
    return Handling(
        row.tlp,
        row.purpose,
        tuple(row.releasable_to),
        row.retention_time,
        tuple(row.codes),
        bool(row.exercise),
        row.operation,
    )


def handling_columns(handling: Handling) -> dict[str, Any]:
    """Returns a handling as a row's columns."""
    return {**asdict(handling), "releasable_to": list(handling.releasable_to), "codes": list(handling.codes)}


class _SqlRecords(Generic[Kind]):
    """What requests and replies have in common."""

    _row: type[RequestRow | ReplyRow]
    _kind: type[Kind]

    def __init__(self, session: AsyncSession, sealer: Sealer, access: Access) -> None:
        self._session = session
        self._sealer = sealer
        self._access = access

    async def find(self, name: str, *, for_change: bool = False) -> Kind | None:
        """Returns the record, locked when it is to be changed."""
        row = await self._session.get(self._row, name, with_for_update=for_change or None)
        return self._read(row) if row else None

    async def find_seen(self, name: str, caller: Caller, *, for_change: bool = False) -> Kind | None:
        """Returns the record where the caller's units and its label let it be known of; else the database gives nothing, as for none."""
        labels = self._access.labels(caller)
        statement = select(self._row).where(
            self._row.name == name, seen_through(self._row.name, caller), self._row.tlp.in_(labels)
        )
        if for_change:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        row = (await self._session.scalars(statement)).one_or_none()
        return self._read(row) if row else None

    async def add(self, record: Kind) -> None:
        """Keeps a new record."""
        self._session.add(self._row(**self._columns(record)))
        await self._session.flush()
        await self._keep_audience(record)

    async def save(self, record: Kind) -> None:
        """Keeps a changed record, and who may know of it."""
        await self._session.merge(self._row(**self._columns(record)))
        await self._session.flush()
        await self._keep_audience(record)

    async def remove(self, name: str) -> None:
        """Forgets a draft."""
        await self._session.execute(delete(self._row).where(self._row.name == name))
        for table in (AudienceRow, RungRow, OpeningRow):
            await self._session.execute(delete(table).where(table.record == name))

    async def due(self, now: datetime, drafts_before: datetime, limit: int) -> list[Kind]:
        """Returns records whose retention time has come, and drafts untouched since a moment."""
        untouched = self._row.update_time if self._row is RequestRow else self._row.create_time
        statement = select(self._row).where(
            self._row.state.not_in((PURGED, RECALLED)),
            or_(self._row.retention_time <= now, and_(self._row.state == DRAFT, untouched <= drafts_before)),
        )
        rows = await self._session.scalars(statement.limit(limit).with_for_update(skip_locked=True))
        return [self._read(row) for row in rows]

    def _findable(self, listing: Listing) -> Keep:
        """Returns what chooses, among rows for the caller's units, those whose handling lets the caller know of them."""

        async def chosen(rows: Sequence[Any]) -> Sequence[Any]:
            return [row for row in rows if self._access.allows(listing.seer, FIND, self._read(row))]

        return chosen

    async def _keep_audience(self, record: Kind) -> None:
        await self._session.execute(delete(AudienceRow).where(AudienceRow.record == record.name))
        operation = record.handling.operation
        rows = [{"unit": unit, "record": record.name, "operation": operation} for unit in record.audience]
        await self._session.execute(insert(AudienceRow), rows)

    def _read(self, row: Any) -> Kind:
        plain = {field.name for field in fields(self._kind)} - {*_LISTS, "handling"}
        values: dict[str, Any] = {name: getattr(row, name) for name in plain}
        values |= {name: tuple(getattr(row, name)) for name in _LISTS if hasattr(row, name)}
        return self._kind(**values, handling=handling_of(row))

    def _columns(self, record: Kind) -> dict[str, Any]:
        columns = asdict(record)
        columns.pop("handling")
        lists = {name: list(columns[name]) for name in _LISTS if name in columns}
        return {**columns, **lists, **handling_columns(record.handling)}


class SqlRequests(_SqlRecords[Request]):
    """Requests of the countries served here, and copies of those that others sent here."""

    _row = RequestRow
    _kind = Request

    async def page(self, listing: Listing) -> Listed[Request]:
        """Returns a page of what the caller's units may see, newest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        # What is real and what is an exercise never stand in one list.
        apart = RequestRow.exercise.is_(listing.exercise)
        open_labels = RequestRow.tlp.in_(self._access.labels(listing.seer))
        statement = select(RequestRow).where(seen_through(RequestRow.name, listing.seer), apart, open_labels)
        page = await read_page(
            self._session,
            self._sealer,
            in_country(statement, RequestRow.country, listing),
            listing=listing,
            keys=(RequestRow.list_time, RequestRow.name),
            columns={
                "state": RequestRow.state,
                "unit": RequestRow.unit,
                "urgency": RequestRow.urgency,
                "title": RequestRow.title,
                "tlp": RequestRow.tlp,
                "purpose": RequestRow.purpose,
                "operation": RequestRow.operation,
                "create_time": RequestRow.create_time,
                "send_time": RequestRow.send_time,
            },
            descending=True,
            scope=(listing.exercise,),
            keep=self._findable(listing),
        )
        return Listed([self._read(row) for row in page.rows], page.next_token)

    def _columns(self, record: Request) -> dict[str, Any]:
        return {**super()._columns(record), "country": country_of(record.name)}


class SqlReplies(_SqlRecords[Reply]):
    """Replies written here, and copies of those that others sent here."""

    _row = ReplyRow
    _kind = Reply

    async def of(self, request: str) -> list[Reply]:
        """Returns all replies to a request that are here, drafts included."""
        rows = await self._session.scalars(select(ReplyRow).where(ReplyRow.request == request).with_for_update())
        return [self._read(row) for row in rows]

    async def page(self, listing: Listing) -> Listed[Reply]:
        """Returns a page of one request's replies that the caller's units may see, oldest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(ReplyRow).where(
                ReplyRow.request == listing.parent,
                seen_through(ReplyRow.name, listing.seer),
                ReplyRow.tlp.in_(self._access.labels(listing.seer)),
            ),
            listing=listing,
            keys=(ReplyRow.list_time, ReplyRow.name),
            columns={
                "state": ReplyRow.state,
                "unit": ReplyRow.unit,
                "tlp": ReplyRow.tlp,
                "create_time": ReplyRow.create_time,
                "send_time": ReplyRow.send_time,
            },
            keep=self._findable(listing),
        )
        return Listed([self._read(row) for row in page.rows], page.next_token)

    def _columns(self, record: Reply) -> dict[str, Any]:
        return {**super()._columns(record), "request": request_of(record.name)}
