"""Changing what a country allows on its link to a peer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Protocol

from bluepacific.common.v1 import handling_pb2
from bp_exchange.protocol.plan import Plan, Rule, leaves_no_time
from bp_exchange.usecases import bells
from bp_exchange.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of

# Slower than a telex, and nothing would ever arrive.
LEAST_RATE = 125


@dataclass(frozen=True)
class PlanRecord:
    """A link's plan as it is kept.

    Attributes:
        peer: The peer.
        time_zone: By its name in the IANA database.
        rules: By urgency, and of the whole link.
        revision: Grows with each change; 0 where nobody set one.
        update_time: When it was changed.
    """

    peer: str
    time_zone: str = "UTC"
    rules: Mapping[int, Rule] = field(default_factory=dict)
    revision: int = 0
    update_time: datetime | None = None

    @property
    def etag(self) -> str:
        """Identifies this version."""
        return etag_of(self.peer, self.revision)


class Plans(Protocol):
    """The plans of this node's links."""

    async def find(self, peer: str) -> PlanRecord:
        """Returns a link's plan; one without rules where nobody set one."""

    async def keep(self, record: PlanRecord) -> None:
        """Keeps a plan in place of the one before."""

    async def zone(self, name: str) -> tzinfo | None:
        """Returns a time zone; None when there is none of that name."""


async def change_plan(
    work: Work, plans: Plans, peer: str, etag: str, *, time_zone: str | None, rules: Mapping[int, Rule] | None
) -> PlanRecord:
    """Changes a plan; the link to that peer obeys it within seconds.

    Args:
        work: One transaction.
        plans: The plans.
        peer: Of whose link.
        etag: Of the version that was read; empty for whatever there is.
        time_zone: The new one; None leaves it.
        rules: All of the new ones; None leaves them.

    Raises:
        Refused: ETAG_MISMATCH, TIME_ZONE_UNKNOWN, QUIET_HOURS_LEAVE_NO_TIME, INVALID_FIELD.
    """
    known = await plans.find(peer)
    check_etag(etag, known.etag)
    changed = replace(
        known,
        time_zone=known.time_zone if time_zone is None else time_zone or "UTC",
        rules=known.rules if rules is None else rules,
        revision=known.revision + 1,
        update_time=work.clock(),
    )
    await _check(plans, changed)
    await plans.keep(changed)
    work.ring(bells.plan_of(peer))
    return changed


async def _check(plans: Plans, record: PlanRecord) -> None:
    zone = await plans.zone(record.time_zone)
    if zone is None:
        raise Refused("TIME_ZONE_UNKNOWN", field="plan.time_zone", zone=record.time_zone)
    for rule in record.rules.values():
        if rule.rate is not None and rule.rate < LEAST_RATE:
            raise Refused(
                "INVALID_FIELD",
                field="plan.rules.bytes_per_second",
                description=f"must be 0 or at least {LEAST_RATE}",
            )
        if any(hours.begin == hours.end for hours in rule.quiet):
            raise Refused(
                "INVALID_FIELD",
                field="plan.rules.quiet_hours",
                description="must not begin and end at the same minute; a whole day is 00:00 to 24:00",
            )
    for urgency in leaves_no_time(Plan(zone, record.rules)):
        name = handling_pb2.Urgency.Name(handling_pb2.Urgency.ValueType(urgency)).removeprefix("URGENCY_")
        raise Refused("QUIET_HOURS_LEAVE_NO_TIME", field="plan.rules.quiet_hours", urgency=name)
