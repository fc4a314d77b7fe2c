"""Directives and their answers in the database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_cooperation.adapters.listing import seen_through
from bp_cooperation.adapters.tables import AnswerRow, DirectiveRow
from bp_cooperation.domain.directive import AWAITED, RECALL, Answer, Directive
from bp_cooperation.domain.handling import Handling
from bp_cooperation.domain.names import request_of
from bp_cooperation.usecases.asking import Listing
from bp_kit.listing import Listed
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer

_ANSWER = ("directive", "unit", "state", "ground", "answer_time", "open_time")


class SqlDirectives:
    """What was told about what was sent, here and elsewhere, and what was answered."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> Directive | None:
        """Returns the directive, locked when it is to be changed."""
        row = await self._session.get(DirectiveRow, name, with_for_update=for_change or None)
        return _directive(row) if row else None

    async def save(self, directive: Directive) -> None:
        """Keeps a directive."""
        columns = {**vars(directive), "request": request_of(directive.record)}
        columns["handling"] = _told(directive.handling)
        await self._session.merge(DirectiveRow(**columns))
        await self._session.flush()

    async def recall_of(self, record: str, unit: str = "") -> Directive | None:
        """Returns the directive by which a unit (empty: any) took a record back, if there is one."""
        statement = select(DirectiveRow).where(DirectiveRow.record == record, DirectiveRow.kind == RECALL)
        if unit:
            statement = statement.where(DirectiveRow.unit == unit)
        row = await self._session.scalar(statement.limit(1))
        return _directive(row) if row else None

    async def page(self, listing: Listing) -> Listed[Directive]:
        """Returns a page of a request's directives that the caller's units may see, oldest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        seen = seen_through(DirectiveRow.record, listing.seer)
        page = await read_page(
            self._session,
            self._sealer,
            select(DirectiveRow).where(DirectiveRow.request == listing.parent, seen),
            listing=listing,
            keys=(DirectiveRow.create_time, DirectiveRow.name),
            columns={
                "kind": DirectiveRow.kind,
                "record": DirectiveRow.record,
                "create_time": DirectiveRow.create_time,
            },
        )
        return Listed([_directive(row) for row in page.rows], page.next_token)

    async def answers(self, directives: Collection[str]) -> dict[str, list[Answer]]:
        """Returns the answers, by directive, in the order of their units."""
        found: dict[str, list[Answer]] = {}
        if directives:
            statement = select(AnswerRow).where(AnswerRow.directive.in_(directives)).order_by(AnswerRow.unit)
            for row in await self._session.scalars(statement):
                found.setdefault(row.directive, []).append(_answer(row))
        return found

    async def save_answer(self, directive: Directive, answer: Answer) -> None:
        """Keeps an answer."""
        row = AnswerRow(
            **vars(answer),
            owner=directive.unit,
            record=directive.record,
            kind=directive.kind,
            create_time=directive.create_time,
            due_time=directive.due_time,
        )
        await self._session.merge(row)
        await self._session.flush()

    async def outstanding(self, listing: Listing) -> Listed[tuple[Directive, Answer]]:
        """Returns a page of answers that the caller's units await, the longest awaited first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        country = country_of(listing.parent)
        owners = sorted(unit for unit in listing.seer.units if country_of(unit) == country)
        page = await read_page(
            self._session,
            self._sealer,
            select(AnswerRow).where(
                AnswerRow.state == AWAITED,
                AnswerRow.owner.in_(owners),
                seen_through(AnswerRow.record, listing.seer),
            ),
            listing=listing,
            keys=(AnswerRow.create_time, AnswerRow.directive, AnswerRow.unit),
            columns={
                "kind": AnswerRow.kind,
                "record": AnswerRow.record,
                "directive": AnswerRow.directive,
                "unit": AnswerRow.unit,
                "create_time": AnswerRow.create_time,
                "due_time": AnswerRow.due_time,
            },
        )
        told = await self._named({row.directive for row in page.rows})
        return Listed([(told[row.directive], _answer(row)) for row in page.rows], page.next_token)

    async def overdue(self, now: datetime, limit: int) -> list[Directive]:
        """Returns directives with overdue answers of which nobody was told."""
        late = exists().where(
            AnswerRow.directive == DirectiveRow.name, AnswerRow.state == AWAITED, AnswerRow.due_time <= now
        )
        statement = select(DirectiveRow).where(DirectiveRow.overdue_told.is_(False), late)
        rows = await self._session.scalars(statement.limit(limit).with_for_update(skip_locked=True))
        return [_directive(row) for row in rows]

    async def _named(self, names: Collection[str]) -> dict[str, Directive]:
        rows = await self._session.scalars(select(DirectiveRow).where(DirectiveRow.name.in_(names)))
        return {row.name: _directive(row) for row in rows}


def _directive(row: DirectiveRow) -> Directive:
    plain = {name: getattr(row, name) for name in Directive.__dataclass_fields__ if name != "handling"}
    return Directive(**plain, handling=_handling(row.handling))


def _answer(row: AnswerRow) -> Answer:
    return Answer(**{name: getattr(row, name) for name in _ANSWER})


def _told(handling: Handling | None) -> dict[str, Any] | None:
    if handling is None:
        return None
    time = handling.retention_time
    return {**asdict(handling), "retention_time": time.isoformat() if time else None}


def _handling(told: dict[str, Any] | None) -> Handling | None:
    if told is None:
        return None
    time = told["retention_time"]
    return Handling(
        told["tlp"],
        told["purpose"],
        tuple(told["releasable_to"]),
        datetime.fromisoformat(time) if time else None,
        tuple(told["codes"]),
        told["exercise"],
        # What was told before there were operations has none.
        told.get("operation", ""),
    )
