"""How much may be under way on a link: enough to fill it, little enough that something urgent overtakes soon.

Whatever was given to the transport can no longer be overtaken. So the window is what the link was seen to carry, in the time of an empty
way and a little more: bytes wait for the link for about that little, and the link never waits for bytes. The idea is that of BBR (Cardwell
and others, ACM Queue 14, 2016): the best rate of late, and the quickest acknowledgement, say how much that is. A link of which nothing is
known shows a better rate each time it is given more, so the window doubles in a round trip until it shows none.

A receiver that is slow for a moment does not make the window small, because the best rate of the last spell counts. Its failure mode: a
link that becomes slower holds too much for that spell.
"""

from __future__ import annotations

from collections import deque

LEAST = 32 * 1024
MOST = 1024 * 1024
# A pace of another day is believed up to here; the rest has to be seen.
MOST_AT_FIRST = 128 * 1024
# What may wait for the link beyond what fills it.
_WAITING_SECONDS = 0.75
# So long the best rate counts; then that of the spell after it.
_SPELL_SECONDS = 10.0
_SHORTEST_SECONDS = 0.001
_REMEMBERED = 1024


class Window:
    """One direction of one link; times are in seconds, sizes in bytes.

    Args:
        pace: Bytes a second that the link was seen to carry at another contact.

    Attributes:
        size: How much may be under way.
        under_way: How much is.
    """

    def __init__(self, pace: int | None = None) -> None:
        self.size = max(LEAST, min(MOST_AT_FIRST, pace or 0))
        self.under_way = 0
        self._quickest = float("inf")
        # Best rates: of the spell before, and of this one.
        self._before, self._best = float(pace or 0), 0.0
        self._since: float | None = None
        self._delivered = 0
        # When something was acknowledged, and how much was then in all.
        self._history: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)

    @property
    def is_open(self) -> bool:
        """Whether something more may be sent."""
        return self.under_way < self.size

    def sent(self, size: int) -> None:
        """Notes what was given to the transport."""
        self.under_way += size

    def acknowledged(self, size: int, delay: float, now: float) -> None:
        """Notes what arrived, and how long after it was sent."""
        was_full = 2 * self.under_way >= self.size
        self.under_way -= size
        self._delivered += size
        self._quickest = min(self._quickest, delay)
        rate = (self._delivered - self._delivered_by(now - delay)) / max(delay, _SHORTEST_SECONDS)
        self._note(rate, now, was_full=was_full)
        self._history.append((now, self._delivered))
        wanted = max(self._before, self._best) * (self._quickest + _WAITING_SECONDS)
        self.size = max(LEAST, min(MOST, self.size + size, int(wanted)))

    def _note(self, rate: float, now: float, *, was_full: bool) -> None:
        """Takes a rate; only one of a full window says that the link has become slower."""
        if self._since is None:
            self._since = now
        if was_full and now - self._since >= _SPELL_SECONDS:
            self._before, self._best, self._since = self._best, 0.0, now
        self._best = max(self._best, rate)

    def _delivered_by(self, moment: float) -> int:
        for then, delivered in reversed(self._history):
            if then <= moment:
                return delivered
        # Earlier than all that is remembered: at the link's beginning, when nothing was; else it says nothing.
        return self._delivered if len(self._history) == _REMEMBERED else 0
