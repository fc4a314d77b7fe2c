"""How much may be under way on a link: enough to fill it, little enough that something urgent overtakes soon.

Whatever was given to the transport can no longer be overtaken. So the window grows while acknowledgements come quickly and shrinks when
they are late, which means that bytes wait in a queue somewhere on the way; the quickest acknowledgement so far stands for an empty way.
The idea is that of LEDBAT (RFC 6817): bound the queue's delay, not the loss. Its failure mode: a way that grows longer for good (another
satellite) looks like a queue until the link is dialled anew.
"""

from __future__ import annotations

LEAST = 32 * 1024
MOST = 1024 * 1024
# Delays beyond the quickest: below the first it grows, above the second it shrinks.
_COMFORTABLE_SECONDS = 0.5
_LATE_SECONDS = 1.0


class Window:
    """One direction of one link; times are in seconds, sizes in bytes."""

    def __init__(self, least: int = LEAST, most: int = MOST) -> None:
        self._least = least
        self._most = most
        self._quickest = float("inf")
        self.size = least
        self.under_way = 0

    @property
    def is_open(self) -> bool:
        """Whether something more may be sent."""
        return self.under_way < self.size

    def sent(self, size: int) -> None:
        """Notes what was given to the transport."""
        self.under_way += size

    def acknowledged(self, size: int, delay: float) -> None:
        """Notes what arrived, and how long after it was sent."""
        self.under_way -= size
        self._quickest = min(self._quickest, delay)
        queued = delay - self._quickest
        if queued <= _COMFORTABLE_SECONDS:
            self.size = min(self._most, self.size + size)
        elif queued > _LATE_SECONDS:
            self.size = max(self._least, self.size - size // 2)
