"""Holdings that are rows about officers: declared table by table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, delete, false, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bluepacific.common.v1 import subject_pb2
from bluepacific.common.v1.subject_pb2 import FindingGround
from bp_kit.subjects.holdings import Held, Sought

_DONE = subject_pb2.FINDING_GROUND_UNSPECIFIED


@dataclass(frozen=True)
class Rows:
    """The rows of one table.

    Attributes:
        kind: The full name of the message that a row is.
        table: The mapped class.
        name: Returns a row's record name.
        officers: Columns that name an officer.
        named: Returns the condition that a row is a record of that name; None for a name of something else.
        blank: What erasing puts into which column; empty: it deletes the row.
        kept: Why its rows are not erased; unspecified: they are.
        gone: Tells that a row was erased before.
        texts: Columns in which somebody may be named; erasing what was found by a name empties these.
        parts: Columns of other tables that name the record; their rows go with it.
    """

    kind: str
    table: Any
    name: Callable[[Any], str]
    officers: Sequence[InstrumentedAttribute[str]]
    named: Callable[[str], ColumnElement[bool] | None]
    blank: Mapping[str, Any] = field(default_factory=dict)
    kept: FindingGround.ValueType = _DONE
    gone: Callable[[Any], bool] = field(default=lambda _row: False)
    texts: Sequence[InstrumentedAttribute[str]] = ()
    parts: Sequence[InstrumentedAttribute[str]] = ()

    async def find(self, session: AsyncSession, sought: Sought) -> list[Held]:
        """Returns an officer's rows, or those of the records that are named."""
        if sought.officer:
            wanted = or_(*(column == sought.officer for column in self.officers))
        elif sought.by_name_only:
            named = [self.named(record) for record in sought.records]
            wanted = or_(false(), *(one for one in named if one is not None))
        else:
            wanted = self._naming(sought)
        rows = (await session.scalars(select(self.table).where(wanted))).all()
        held = [Held(self.name(row), self.kind, erased=self.gone(row)) for row in rows]
        return [one for one in held if not sought.records or one.record in sought.records]

    def _naming(self, sought: Sought) -> ColumnElement[bool]:
        named = [name for name in (sought.display_name, sought.identifier) if name]
        return or_(false(), *(column.icontains(name, autoescape=True) for column in self.texts for name in named))

    async def erase(self, session: AsyncSession, record: str, sought: Sought) -> FindingGround.ValueType:
        """Erases one."""
        wanted = self.named(record)
        if wanted is None:
            return subject_pb2.FINDING_GROUND_NOT_THERE
        if not sought.officer and self.texts:
            await session.execute(update(self.table).where(wanted).values(dict.fromkeys(self.texts, "")))
            return _DONE
        if self.kept:
            return self.kept
        for part in self.parts:
            await session.execute(delete(part.class_).where(part == record))
        if self.blank:
            await session.execute(update(self.table).where(wanted).values(**self.blank))
        else:
            await session.execute(delete(self.table).where(wanted))
        return _DONE


class TableHoldings:
    """What a service holds about officers, as rows.

    Args:
        rows: Its tables about officers.
        nobody: Its tables about nobody.
        within: Kinds of messages that are parts of these rows.
    """

    def __init__(self, rows: Sequence[Rows], *, nobody: Sequence[Any] = (), within: Sequence[str] = ()) -> None:
        self._rows = rows
        self._within = within
        self._nobody = nobody

    @property
    def kinds(self) -> frozenset[str]:
        """Full names of the messages that it answers for."""
        return frozenset(one.kind for one in self._rows).union(self._within)

    @property
    def tables(self) -> frozenset[str]:
        """Names of its tables about people."""
        parts = [part.class_ for one in self._rows for part in one.parts]
        return _names([one.table for one in self._rows]) | _names(parts)

    @property
    def nobody(self) -> frozenset[str]:
        """Names of its tables about nobody."""
        return _names(self._nobody)

    async def find(self, session: AsyncSession, sought: Sought) -> list[Held]:
        """Returns what there is."""
        return [held for one in self._rows for held in await one.find(session, sought)]

    async def erase(self, session: AsyncSession, held: Held, sought: Sought) -> FindingGround.ValueType:
        """Erases one."""
        rows = next(one for one in self._rows if one.kind == held.kind)
        return await rows.erase(session, held.record, sought)

    async def correct(
        self, session: AsyncSession, held: Held, sought: Sought, corrections: dict[str, str]
    ) -> FindingGround.ValueType:
        """Has nothing of its own to put right: what it knows of a person, identity tells it."""
        del session, held, sought, corrections
        return subject_pb2.FINDING_GROUND_NOT_THERE


def _names(tables: Sequence[Any]) -> frozenset[str]:
    return frozenset(table.__tablename__ for table in tables)
