"""What may not be read by others than data-protection officers, and what may not be erased for now: a table of the kit in every service.

The pipeline asks it before every call about a record, and every list leaves out what is blocked; no service has to think of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bp_kit.call import NODE, Principal, current_call
from bp_kit.errors import Refused
from bp_kit.tables import service_metadata

BLOCK, HOLD = "BLOCK", "HOLD"
_OFFICER = "data_protection_officer"
_COUNTRY_SEGMENTS = 2
_AT_ONCE = 500
_restriction = service_metadata().tables["restriction"]


async def restrict(session: AsyncSession, names: Iterable[str], kind: str, *, operation: str, now: datetime) -> None:
    """Blocks or holds records; those that are blocked or held already stay so."""
    wanted = set(names)
    known = {name for name, kinds in (await restrictions_of(session, wanted)).items() if kind in kinds}
    rows = [{"name": name, "kind": kind, "operation": operation, "create_time": now} for name in sorted(wanted - known)]
    if rows:
        await session.execute(insert(_restriction), rows)


async def lift(session: AsyncSession, names: Iterable[str], kind: str) -> None:
    """Ends it."""
    for batch in _batches(names):
        await session.execute(delete(_restriction).where(_restriction.c.kind == kind, _restriction.c.name.in_(batch)))


async def restrictions_of(session: AsyncSession, names: Iterable[str]) -> dict[str, set[str]]:
    """Returns the restrictions of those records that have any."""
    found: dict[str, set[str]] = {}
    for batch in _batches(names):
        statement = select(_restriction.c.name, _restriction.c.kind).where(_restriction.c.name.in_(batch))
        for name, kind in await session.execute(statement):
            found.setdefault(name, set()).add(kind)
    return found


async def require_readable(session: AsyncSession, principal: Principal, name: str) -> None:
    """Refuses what is blocked, or belongs to something that is, as if it were not there.

    Raises:
        Refused: NOT_FOUND.
    """
    names = _with_parents(name)
    if not names or _sees_blocked(principal):
        return
    blocked = select(_restriction.c.name).where(_restriction.c.kind == BLOCK, _restriction.c.name.in_(names)).limit(1)
    if await session.scalar(blocked) is not None:
        raise Refused("NOT_FOUND", name=name)


def readable(name: InstrumentedAttribute[Any]) -> ColumnElement[bool] | None:
    """Returns the condition that a row's record is not blocked; None for who sees those, too."""
    try:
        principal = current_call().principal
    except LookupError:
        return None
    if _sees_blocked(principal):
        return None
    return ~exists().where(_restriction.c.name == name, _restriction.c.kind == BLOCK)


def _sees_blocked(principal: Principal) -> bool:
    return principal is NODE or principal.holds(_OFFICER)


def _with_parents(name: str) -> list[str]:
    """Returns a record's name and those of the records it belongs to; none for a country's."""
    if "\0" in name:
        return []
    steps = name.split("/")
    return ["/".join(steps[:end]) for end in range(_COUNTRY_SEGMENTS + 2, len(steps) + 1, 2)]


def _batches(names: Iterable[str]) -> Iterable[Collection[str]]:
    wanted = sorted(set(names))
    return [wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)]
