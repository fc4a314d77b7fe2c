"""What a contact plan allows now: asked before each frame of a link, told after it.

A rate is kept over time: whatever passed is paid off before the next, so that a frame larger than a second's worth passes whole and the
next one waits the longer. A volume ends with the frame that reaches it, and begins anew with the local day. Times are given, never read; a
clock that jumps costs or gives at most one second's worth of a rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bp_exchange.protocol.plan import WHOLE_LINK, Plan, Rule, Span, obeyed, quiet_spans

_BURST_SECONDS = 1.0
_LEAST_WAIT = timedelta(milliseconds=5)
# Asked for ahead: what a rate gives in some seconds, yet never less than a piece and never so much that quiet hours come late.
_AHEAD_SECONDS = 5
_LEAST_AHEAD = 16 * 1024
_MOST_AHEAD = 256 * 1024
_SPANS_DAYS = 9
_SPANS_HOLD = timedelta(days=1)


class Way(StrEnum):
    """Which way something passes; a rate is for each, a volume for both."""

    SENDING = "SENDING"
    ASKING = "ASKING"


class Why(StrEnum):
    """Why something waits."""

    QUIET_HOURS = "QUIET_HOURS"
    VOLUME = "VOLUME"
    RATE = "RATE"


@dataclass(frozen=True)
class Hold:
    """Something has to wait.

    Attributes:
        until: When to ask again.
        why: What holds it longest.
    """

    until: datetime
    why: Why


@dataclass
class Spent:
    """What passed on a day.

    Attributes:
        day: The local date, 2026-11-25; empty before anything passed.
        sizes: Bytes by urgency, and by `WHOLE_LINK` all of them.
    """

    day: str = ""
    sizes: dict[int, int] = field(default_factory=dict)


class _Bucket:
    """What a rate still gives; less than nothing while something is being paid off."""

    def __init__(self, rate: int, now: datetime) -> None:
        self.rate = rate
        self._left = rate * _BURST_SECONDS
        self._at = now

    def wait(self, now: datetime) -> timedelta | None:
        self._fill(now)
        if self._left > 0:
            return None
        return max(_LEAST_WAIT, timedelta(seconds=-self._left / self.rate))

    def take(self, size: int, now: datetime) -> None:
        self._fill(now)
        self._left -= size

    def _fill(self, now: datetime) -> None:
        seconds = max(0.0, (now - self._at).total_seconds())
        self._left = min(self.rate * _BURST_SECONDS, self._left + seconds * self.rate)
        self._at = now


class Allowance:
    """One link's plan with what passed under it.

    Args:
        plan: The plan; one without rules allows everything.
        spent: What passed before.

    Attributes:
        plan: The plan.
        spent: What passed on the newest day.
    """

    def __init__(self, plan: Plan | None = None, spent: Spent | None = None) -> None:
        self.plan = plan or Plan()
        self.spent = spent or Spent()
        self._buckets: dict[tuple[Way, int], _Bucket] = {}
        self._spans: dict[int, tuple[datetime, list[Span]]] = {}

    def change(self, plan: Plan) -> None:
        """Goes on under another plan; what passed today still counts."""
        self.plan = plan
        self._buckets.clear()
        self._spans.clear()

    def opens(self, urgency: int, now: datetime, way: Way = Way.SENDING) -> datetime | None:
        """Returns when to ask again; None when something of this urgency may pass now."""
        hold = self.hold(urgency, now, way)
        return hold.until if hold else None

    def hold(self, urgency: int, now: datetime, way: Way = Way.SENDING) -> Hold | None:
        """Returns what holds something of this urgency back; None when it may pass now."""
        if not self.plan.rules:
            return None
        holds = [self._quiet(urgency, now)]
        for key, rule in self._rules(urgency):
            holds += [self._full(key, rule, now), self._fast(key, rule, now, way)]
        return max((one for one in holds if one), key=lambda one: one.until, default=None)

    def passed(self, urgency: int, size: int, now: datetime, way: Way = Way.SENDING) -> None:
        """Notes that so many bytes of this urgency pass."""
        self._turn_day(now)
        for key in (urgency, WHOLE_LINK):
            self.spent.sizes[key] = self.spent.sizes.get(key, 0) + size
            rule = self.plan.rules.get(key)
            if rule and rule.rate:
                self._bucket(key, rule.rate, now, way).take(size, now)

    def credit(self, urgency: int, now: datetime) -> int | None:
        """Returns how many bytes of this urgency may be asked for ahead; None for all there are, 0 when it has to wait."""
        rules = [rule for _, rule in self._rules(urgency)]
        if not rules:
            return None
        if self.hold(urgency, now, Way.ASKING):
            return 0
        rates = [rule.rate for rule in rules if rule.rate]
        ahead = min(_MOST_AHEAD, *(rate * _AHEAD_SECONDS for rate in rates)) if rates else _MOST_AHEAD
        return max(_LEAST_AHEAD, ahead)

    def arrived(self, urgency: int, size: int, now: datetime) -> None:
        """Notes that so many bytes came of what was asked for."""
        self.passed(urgency, size, now, Way.ASKING)

    def _rules(self, urgency: int) -> list[tuple[int, Rule]]:
        return [(key, self.plan.rules[key]) for key in obeyed(urgency) if key in self.plan.rules]

    def _quiet(self, urgency: int, now: datetime) -> Hold | None:
        for begin, end in self._quiet_spans(urgency, now):
            if begin <= now < end:
                return Hold(end, Why.QUIET_HOURS)
        return None

    def _quiet_spans(self, urgency: int, now: datetime) -> list[Span]:
        at, spans = self._spans.get(urgency, (None, []))
        if at is None or not at <= now < at + _SPANS_HOLD:
            spans = quiet_spans(self.plan, urgency, now, _SPANS_DAYS)
            self._spans[urgency] = (now, spans)
        return spans

    def _full(self, key: int, rule: Rule, now: datetime) -> Hold | None:
        if rule.volume is None:
            return None
        self._turn_day(now)
        if self.spent.sizes.get(key, 0) < rule.volume:
            return None
        return Hold(self.plan.day_end(now), Why.VOLUME)

    def _fast(self, key: int, rule: Rule, now: datetime, way: Way) -> Hold | None:
        if not rule.rate:
            return None
        wait = self._bucket(key, rule.rate, now, way).wait(now)
        return Hold(now + wait, Why.RATE) if wait else None

    def _bucket(self, key: int, rate: int, now: datetime, way: Way) -> _Bucket:
        return self._buckets.setdefault((way, key), _Bucket(rate, now))

    def _turn_day(self, now: datetime) -> None:
        day = self.plan.day(now).isoformat()
        if day != self.spent.day:
            self.spent = Spent(day)


def left_of(plan: Plan, spent: Spent, now: datetime) -> Mapping[int, int]:
    """Returns how much of each volume is left today, by urgency."""
    today = spent.sizes if spent.day == plan.day(now).isoformat() else {}
    return {key: max(0, rule.volume - today.get(key, 0)) for key, rule in plan.rules.items() if rule.volume is not None}
