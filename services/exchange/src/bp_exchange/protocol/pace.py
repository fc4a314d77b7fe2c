"""How fast a link really is: bytes that a peer acknowledged, over the time in which something was under way.

Waiting with nothing to send does not count. Little was sent too often to say anything: such a spell is not measured.
"""

from __future__ import annotations

_LEAST_BYTES = 16 * 1024
_SPELL_SECONDS = 4.0


class Pace:
    """One direction of one link; times are in seconds, sizes in bytes.

    Attributes:
        rate: Bytes a second of the newest measured spell; None before the first.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._arrived = 0
        self._told: int | None = None
        self.rate: int | None = None

    def sent(self, now: float) -> None:
        """Notes that something is under way."""
        if self._since is None:
            self._since, self._arrived = now, 0

    def acknowledged(self, size: int, now: float, *, idle: bool) -> None:
        """Notes what arrived, and whether nothing is under way any more."""
        if self._since is None:
            return
        self._arrived += size
        elapsed = now - self._since
        if not idle and elapsed < _SPELL_SECONDS:
            return
        if self._arrived >= _LEAST_BYTES and elapsed > 0:
            self.rate = max(1, int(self._arrived / elapsed))
        self._since, self._arrived = (None if idle else now), 0

    def news(self) -> int | None:
        """Returns the rate if it has not been returned before."""
        if self.rate == self._told:
            return None
        self._told = self.rate
        return self.rate
