"""How fast one user name may be tried. Counted before the password is looked at, so that many guesses at once do not slip through.

`FREE` attempts cost nothing; each further one makes the next wait twice as long, up to `LONGEST`. A right password forgets the count,
and so does a quiet hour. The count belongs to the name as typed, whether or not it exists, so it tells nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from bp_kit.errors import Refused

FREE = 5
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

    def attempt(self, now: datetime) -> Throttle:
        """Returns the state after one more attempt.

        Raises:
            Refused: SIGN_IN_THROTTLED, with the seconds to wait.
        """
        if self.blocked_until is not None and now < self.blocked_until:
            raise Refused("SIGN_IN_THROTTLED", seconds=math.ceil((self.blocked_until - now).total_seconds()))
        quiet = self.last_time is not None and now - self.last_time >= FORGET
        attempts = 1 if quiet else self.attempts + 1
        return Throttle(attempts=attempts, last_time=now, blocked_until=_blocked(attempts, now))


def _blocked(attempts: int, now: datetime) -> datetime | None:
    if attempts < FREE:
        return None
    doublings = min(attempts - FREE, 20)
    wait: timedelta = min(SHORTEST * 2**doublings, LONGEST)
    return now + wait
