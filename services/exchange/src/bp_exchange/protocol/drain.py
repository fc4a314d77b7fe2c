"""When everything that waits will have gone: at the measured pace, in the order of urgency, under the contact plan.

What waits is taken for a liquid: from one moment at which something changes (quiet hours, a spent volume, an emptied urgency, midnight) to
the next, each urgency flows as its rules and the more urgent ones leave it. What is queued meanwhile is not foreseen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from bp_exchange.protocol.allowance import Spent, left_of
from bp_exchange.protocol.plan import FLASH, WHOLE_LINK, Plan, Rule, Span, obeyed, quiet_spans

# Nobody plans further, and nothing waits longer than this for a dark country.
HORIZON = timedelta(days=90)
_LEAST_STEP = timedelta(milliseconds=1)
_NOTHING = 0.5


def drained(plan: Plan, spent: Spent, waiting: Mapping[int, int], pace: int | None, now: datetime) -> datetime | None:
    """Returns when the last of what waits will have gone.

    Args:
        plan: What is allowed.
        spent: What passed today.
        waiting: Bytes by urgency.
        pace: Bytes a second that the link was last seen to carry; None when that is not known, and a rate of the plan stands for it.
        now: The moment.

    Returns:
        None when no pace is known, or when it takes longer than `HORIZON`.
    """
    flow = _Flow(plan, spent, waiting, pace, now)
    while flow.left:
        if flow.now - now > HORIZON or not flow.step():
            return None
    return flow.now


class _Flow:
    def __init__(self, plan: Plan, spent: Spent, waiting: Mapping[int, int], pace: int | None, now: datetime) -> None:
        self.now = now
        self.left = {urgency: float(size) for urgency, size in sorted(waiting.items()) if size > 0}
        self._plan = plan
        self._pace = float(pace) if pace else math.inf
        self._volumes = {key: float(size) for key, size in left_of(plan, spent, now).items()}
        self._day_end = plan.day_end(now)
        days = HORIZON.days + 2
        self._spans = {urgency: quiet_spans(plan, urgency, now, days) for urgency in self.left}

    def step(self) -> bool:
        """Goes on to the next moment at which something changes; False when how fast anything goes is not known."""
        speeds = self._speeds()
        if math.inf in speeds.values():
            return False
        until = min([self._day_end, *self._edges(), *self._emptied(speeds)])
        seconds = max(until - self.now, _LEAST_STEP).total_seconds()
        for urgency, speed in speeds.items():
            self._take(urgency, speed * seconds)
        self.now += timedelta(seconds=seconds)
        if self.now >= self._day_end:
            self._day_end = self._plan.day_end(self.now)
            self._volumes = {key: float(size) for key, size in left_of(self._plan, Spent(), self.now).items()}
        return True

    def _take(self, urgency: int, size: float) -> None:
        self.left[urgency] -= size
        if self.left[urgency] < _NOTHING:
            del self.left[urgency]
        for key in {urgency, WHOLE_LINK} & self._volumes.keys():
            self._volumes[key] = max(0.0, self._volumes[key] - size)

    def _speeds(self) -> dict[int, float]:
        """Each urgency has what the more urgent ones leave it."""
        link, shared = self._pace, self._rate(WHOLE_LINK)
        speeds: dict[int, float] = {}
        for urgency in self.left:
            allowed = 0.0 if self._is_held(urgency) else min(link, self._rate(urgency))
            speed = allowed if urgency == FLASH else min(allowed, shared)
            speeds[urgency] = speed
            link, shared = _less(link, speed), _less(shared, speed)
        return speeds

    def _rate(self, key: int) -> float:
        return float(self._plan.rules.get(key, Rule()).rate or math.inf)

    def _is_held(self, urgency: int) -> bool:
        spent = any(self._volumes.get(key, math.inf) < _NOTHING for key in obeyed(urgency))
        return spent or any(begin <= self.now < end for begin, end in self._spans[urgency])

    def _edges(self) -> list[datetime]:
        edges = (_next_edge(self._spans[urgency], self.now) for urgency in self.left)
        return [edge for edge in edges if edge]

    def _emptied(self, speeds: Mapping[int, float]) -> list[datetime]:
        seconds = [self.left[urgency] / speed for urgency, speed in speeds.items() if speed]
        for key, volume in self._volumes.items():
            speed = sum(one for urgency, one in speeds.items() if key in (urgency, WHOLE_LINK))
            if speed and volume:
                seconds.append(volume / speed)
        return [self.now + timedelta(seconds=min(one, HORIZON.total_seconds() * 2)) for one in seconds]


def _less(whole: float, part: float) -> float:
    return whole if whole == math.inf else max(0.0, whole - part)


def _next_edge(spans: list[Span], now: datetime) -> datetime | None:
    return next((edge for span in spans for edge in span if edge > now), None)
