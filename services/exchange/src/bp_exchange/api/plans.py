"""Contact plans between proto and use case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import plan_pb2
from bp_exchange.protocol.plan import DAY_MINUTES, FLASH, QuietHours, Rule
from bp_exchange.usecases.planning import PlanRecord
from bp_kit.errors import Refused
from bp_kit.masks import fields_to_change

_MUTABLE = ("time_zone", "rules")
# A message of some 10 kB takes ten seconds.
_SLOW_FLASH = 1000


def wanted(request: pb.UpdatePlanRequest) -> tuple[str | None, dict[int, Rule] | None]:
    """Returns the new time zone and the new rules; None for what the mask leaves as it is.

    Raises:
        Refused: INVALID_FIELD: the mask names something else, or an urgency has two rules.
    """
    paths = fields_to_change(request.update_mask, request.plan, _MUTABLE)
    return (
        request.plan.time_zone if "time_zone" in paths else None,
        _rules(request.plan.rules) if "rules" in paths else None,
    )


def _rules(given: Sequence[plan_pb2.PlanRule]) -> dict[int, Rule]:
    rules: dict[int, Rule] = {}
    for at, rule in enumerate(given):
        if rule.urgency in rules:
            field = f"plan.rules[{at}].urgency"
            raise Refused("INVALID_FIELD", field=field, description="has a rule already")
        rules[rule.urgency] = Rule(
            rate=rule.bytes_per_second or None,
            volume=rule.bytes_per_day or None,
            quiet=tuple(_hours(one) for one in rule.quiet_hours),
        )
    return {urgency: rule for urgency, rule in rules.items() if rule != Rule()}


def _hours(given: plan_pb2.QuietHours) -> QuietHours:
    return QuietHours(_minute(given.begin), _minute(given.end), frozenset(day - 1 for day in given.days))


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def plan_message(record: PlanRecord) -> plan_pb2.Plan:
    """Returns a plan as it is shown, with what to know of it."""
    plan = plan_pb2.Plan(
        peer=record.peer,
        time_zone=record.time_zone,
        rules=[_rule(urgency, rule) for urgency, rule in sorted(record.rules.items())],
        etag=record.etag,
        warnings=_warnings(record.rules.get(FLASH, Rule())),
    )
    if record.update_time:
        plan.update_time.FromDatetime(record.update_time)
    return plan


def _rule(urgency: int, rule: Rule) -> plan_pb2.PlanRule:
    return plan_pb2.PlanRule(
        urgency=handling_pb2.Urgency.ValueType(urgency),
        bytes_per_second=rule.rate or 0,
        bytes_per_day=rule.volume or 0,
        quiet_hours=[
            plan_pb2.QuietHours(begin=_time(one.begin), end=_time(one.end), days=_days(one.days)) for one in rule.quiet
        ],
    )


def _days(days: Iterable[int]) -> list[plan_pb2.Weekday.ValueType]:
    return [plan_pb2.Weekday.ValueType(day + 1) for day in sorted(days)]


def _time(minute: int) -> str:
    assert 0 <= minute <= DAY_MINUTES
    return f"{minute // 60:02}:{minute % 60:02}"


def _warnings(flash: Rule) -> list[plan_pb2.PlanWarning.ValueType]:
    found = {
        plan_pb2.PLAN_WARNING_FLASH_QUIET: bool(flash.quiet),
        plan_pb2.PLAN_WARNING_FLASH_VOLUME: flash.volume is not None,
        plan_pb2.PLAN_WARNING_FLASH_SLOW: flash.rate is not None and flash.rate < _SLOW_FLASH,
    }
    return [warning for warning, holds in found.items() if holds]
