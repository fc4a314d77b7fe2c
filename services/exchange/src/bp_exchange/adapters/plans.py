"""Contact plans and what is spent of their volumes, in the database; time zones, from the machine or from `tzdata`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.tables import PlanRow, SpentRow
from bp_exchange.adapters.writing import add_new
from bp_exchange.protocol.allowance import Spent
from bp_exchange.protocol.plan import Plan, QuietHours, Rule
from bp_exchange.usecases.planning import PlanRecord
from bp_kit.logs import get_logger

_log = get_logger("bp_exchange.plans")


class SqlPlans:
    """Plans within a transaction.

    Args:
        session: The transaction.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, peer: str) -> PlanRecord:
        """Returns a link's plan; one without rules where nobody set one."""
        row = await self._session.get(PlanRow, peer)
        if row is None:
            return PlanRecord(peer)
        rules = {one["urgency"]: _rule(one) for one in row.rules}
        return PlanRecord(peer, row.time_zone, rules, row.revision, row.update_time)

    async def keep(self, record: PlanRecord) -> None:
        """Keeps a plan in place of the one before."""
        values = {
            "time_zone": record.time_zone,
            "rules": [_written(urgency, rule) for urgency, rule in sorted(record.rules.items())],
            "revision": record.revision,
            "update_time": record.update_time,
        }
        await add_new(self._session, PlanRow, [{"peer": record.peer, **values}])
        await self._session.execute(update(PlanRow).where(PlanRow.peer == record.peer).values(**values))

    async def zone(self, name: str) -> tzinfo | None:
        """Returns a time zone; None when there is none of that name."""
        return await asyncio.to_thread(_zone, name)


async def plan_of(session: AsyncSession, peer: str) -> tuple[Plan, int]:
    """Returns the plan that holds on a link, and its revision."""
    plans = SqlPlans(session)
    record = await plans.find(peer)
    zone = await plans.zone(record.time_zone)
    if zone is None:
        # Known when it was set, and not to this machine.
        _log.error("plan.time_zone_unknown", peer=peer)
    return Plan(zone or UTC, record.rules), record.revision


async def spent_on(session: AsyncSession, peer: str) -> Spent:
    """Returns what passed on the newest day on which anything did."""
    rows = (await session.scalars(select(SpentRow).where(SpentRow.peer == peer))).all()
    day = max((row.day for row in rows), default="")
    return Spent(day, {row.urgency: row.size for row in rows if row.day == day})


async def keep_spent(session: AsyncSession, peer: str, spent: Spent) -> None:
    """Keeps what passed."""
    rows = [{"peer": peer, "urgency": urgency, "day": spent.day, "size": size} for urgency, size in spent.sizes.items()]
    await add_new(session, SpentRow, rows)
    for row in rows:
        at = (SpentRow.peer == peer, SpentRow.urgency == row["urgency"])
        await session.execute(update(SpentRow).where(*at).values(day=row["day"], size=row["size"]))


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> tzinfo | None:
    return ZoneInfo(name) if name in _zone_names() else None


def _rule(written: Mapping[str, Any]) -> Rule:
    quiet = tuple(QuietHours(one["begin"], one["end"], frozenset(one["days"])) for one in written["quiet"])
    return Rule(written["rate"], written["volume"], quiet)


def _written(urgency: int, rule: Rule) -> dict[str, Any]:
    quiet = [{"begin": one.begin, "end": one.end, "days": sorted(one.days)} for one in rule.quiet]
    return {"urgency": urgency, "rate": rule.rate, "volume": rule.volume, "quiet": quiet}
