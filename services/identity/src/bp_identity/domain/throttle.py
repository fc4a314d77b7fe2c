"""How fast one user name may be tried, and one password with many.

Attempts are counted before the password is looked at, so that many guesses at once do not slip through. `FREE` attempts cost nothing; each
further one makes the next wait twice as long, up to `LONGEST`. A right password forgets the count, and so does a quiet hour. The count
belongs to the name as typed, whether or not it exists, so it tells nothing.

Whoever tries one password with many names is slowed in the same way after `FREE_SPRAYED`. Passwords are told apart by 16 bits of a digest
only: what is kept of them is of no use to anybody.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bp_kit.errors import Refused

FREE = 5
FREE_SPRAYED = 30
_BITS_IN_HEX = 4
SHORTEST = timedelta(seconds=15)
LONGEST = timedelta(minutes=15)
FORGET = timedelta(hours=1)


@dataclass(frozen=True)
class Throttle:
    """The attempts on one user name since its last success.

    Attributes:
        attempts: How many.
        last_time: When the last was; None before the first.
        blocked_until: No attempt is taken before; None when none is blocked.
    """

    attempts: int = 0
    last_time: datetime | None = None
    blocked_until: datetime | None = None

    def attempt(self, now: datetime, free: int = FREE) -> Throttle:
        """Returns the state after one more attempt.

        Args:
            now: The time now.
            free: How many cost nothing.

        Raises:
            Refused: SIGN_IN_THROTTLED, with the seconds to wait.
        """
        if self.blocked_until is not None and now < self.blocked_until:
            raise Refused("SIGN_IN_THROTTLED", seconds=math.ceil((self.blocked_until - now).total_seconds()))
        quiet = self.last_time is not None and now - self.last_time >= FORGET
        attempts = 1 if quiet else self.attempts + 1
        return Throttle(attempts=attempts, last_time=now, blocked_until=_blocked(attempts - free, now))

    def taken_back(self) -> Throttle:
        """Returns the state without its last attempt, which was right."""
        return replace(self, attempts=max(self.attempts - 1, 0), blocked_until=None)


def sprayed(password: str) -> str:
    """Returns under which name attempts with a password are counted; no user name begins with a blank."""
    return f" password {hashlib.sha256(password.encode('utf-8', 'surrogatepass')).hexdigest()[:_BITS_IN_HEX]}"


def _blocked(too_many: int, now: datetime) -> datetime | None:
    if too_many < 0:
        return None
    doublings = min(too_many, 20)
    wait: timedelta = min(SHORTEST * 2**doublings, LONGEST)
    return now + wait
