"""When everything that waits will have gone: at the measured pace, in the order of urgency, under the contact plan.

What waits is taken for a liquid: from one moment at which something changes (quiet hours, a spent volume, an emptied urgency, midnight) to
the next, the most urgent flows as its rules let it, and the rest waits for it, held or not: what is less urgent never overtakes on a link,
because both may be of one conversation. What is queued meanwhile is not foreseen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from bp_exchange.protocol.allowance import Spent, left_of
from bp_exchange.protocol.plan import WHOLE_LINK, Plan, Span, obeyed, quiet_spans

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
        urgency = min(self.left)
        speed = self._speed(urgency)
        if speed == math.inf:
            return False
        until = min([self._day_end, *self._edges(urgency), *self._ends(urgency, speed)])
        seconds = max(until - self.now, _LEAST_STEP).total_seconds()
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

    def _speed(self, urgency: int) -> float:
        if self._is_held(urgency):
            return 0.0
        return min([self._pace, *(float(rule.rate) for rule in self._plan.over(urgency) if rule.rate)])

    def _is_held(self, urgency: int) -> bool:
        spent = any(self._volumes.get(key, math.inf) < _NOTHING for key in obeyed(urgency))
        return spent or any(begin <= self.now < end for begin, end in self._spans[urgency])

    def _edges(self, urgency: int) -> list[datetime]:
        edge = _next_edge(self._spans[urgency], self.now)
        return [edge] if edge else []

    def _ends(self, urgency: int, speed: float) -> list[datetime]:
        if not speed:
            return []
        sizes = [self.left[urgency], *(self._volumes[key] for key in obeyed(urgency) if key in self._volumes)]
        seconds = min(size for size in sizes if size) / speed
        return [self.now + timedelta(seconds=min(seconds, HORIZON.total_seconds() * 2))]


def _next_edge(spans: list[Span], now: datetime) -> datetime | None:
    return next((edge for span in spans for edge in span if edge > now), None)
