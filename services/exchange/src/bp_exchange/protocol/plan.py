"""A contact plan: what a country allows on its link to a peer, for the whole link and by urgency.

A rule holds a rate, a volume a day and quiet hours, in the country's own time. What is to pass obeys the rule of its urgency and the rule
of the whole link, except FLASH, which obeys only a rule of its own: nobody silences it by the way. It counts in the whole link's rate and
volume nevertheless, and what is less urgent waits for it. A plan binds the node whose country set it: what that node sends, and the files
that it asks for. The other end has a plan of its own.

Local times that a change of the clocks skips begin or end at the change; of those that come twice the quiet hours have both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bluepacific.common.v1 import handling_pb2

# In place of an urgency: the rule of the whole link.
WHOLE_LINK = 0
FLASH = int(handling_pb2.URGENCY_FLASH)
URGENCIES = tuple(sorted(value for value in handling_pb2.Urgency.values() if value))
DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * DAY_MINUTES
_EVERY_DAY = frozenset(range(7))

# From and until when nothing is sent.
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class QuietHours:
    """When nothing is sent.

    Attributes:
        begin: Minute of the local day.
        end: Minute of the local day; not after `begin`, it is one of the day after. 1440 is midnight.
        days: On which days it begins, 0 for Monday; every day when empty.
    """

    begin: int
    end: int
    days: frozenset[int] = frozenset()

    @property
    def minutes(self) -> int:
        """How long it is by the clock on the wall."""
        return (self.end - self.begin) % DAY_MINUTES or DAY_MINUTES


@dataclass(frozen=True)
class Rule:
    """What is allowed.

    Attributes:
        rate: Bytes a second, each way; None for as fast as it goes.
        volume: Bytes a day, both ways together; None for as much as there is.
        quiet: When nothing passes.
    """

    rate: int | None = None
    volume: int | None = None
    quiet: tuple[QuietHours, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What is allowed on one link.

    Attributes:
        zone: Of the quiet hours, and of the day that a volume is for.
        rules: By urgency; `WHOLE_LINK` for all of them together.
    """

    zone: tzinfo = UTC
    rules: Mapping[int, Rule] = field(default_factory=dict)

    def over(self, urgency: int) -> list[Rule]:
        """Returns the rules that something of this urgency obeys."""
        return [self.rules[key] for key in obeyed(urgency) if key in self.rules]

    def day(self, now: datetime) -> date:
        """Returns the local day."""
        return now.astimezone(self.zone).date()

    def day_end(self, now: datetime) -> datetime:
        """Returns when the local day ends."""
        return _instant(self.zone, self.day(now), DAY_MINUTES, fold=0)


def obeyed(urgency: int) -> tuple[int, ...]:
    """Returns the keys of the rules that something of this urgency obeys."""
    return (FLASH,) if urgency == FLASH else (urgency, WHOLE_LINK)


def quiet_spans(plan: Plan, urgency: int, around: datetime, days: int) -> list[Span]:
    """Returns the quiet hours of an urgency in UTC, in order and joined where they touch.

    Args:
        plan: The plan.
        urgency: Of what is to pass.
        around: From the local day before this moment on.
        days: For how many days.
    """
    first = plan.day(around) - timedelta(days=1)
    hours = [quiet for rule in plan.over(urgency) for quiet in rule.quiet]
    spans = sorted(span for at in range(days + 1) for span in _on(plan.zone, hours, first + timedelta(days=at)))
    joined: list[Span] = []
    for begin, end in spans:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def _on(zone: tzinfo, hours: Collection[QuietHours], day: date) -> Iterator[Span]:
    for quiet in hours:
        if day.weekday() in (quiet.days or _EVERY_DAY):
            begin = _instant(zone, day, quiet.begin, fold=0)
            end = _instant(zone, day, quiet.begin + quiet.minutes, fold=1)
            if begin < end:
                yield begin, end


def _instant(zone: tzinfo, day: date, minute: int, *, fold: int) -> datetime:
    days, rest = divmod(minute, DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60, fold=fold), zone)
    return local.astimezone(UTC)


def leaves_no_time(plan: Plan) -> list[int]:
    """Returns the urgencies for which the quiet hours have the whole week."""
    return [one for one in URGENCIES if len(_quiet_minutes(plan, one)) == _WEEK_MINUTES]


def _quiet_minutes(plan: Plan, urgency: int) -> set[int]:
    quiet: set[int] = set()
    for rule in plan.over(urgency):
        for hours in rule.quiet:
            for day in hours.days or _EVERY_DAY:
                begin = day * DAY_MINUTES + hours.begin
                quiet.update(minute % _WEEK_MINUTES for minute in range(begin, begin + hours.minutes))
    return quiet


def silences_flash(plan: Plan) -> bool:
    """Tells whether FLASH may have to wait for something else than its turn and a rate."""
    rule = plan.rules.get(FLASH, Rule())
    return bool(rule.quiet) or rule.volume is not None
