"""A recovery: an officer who has lost a factor signs in without it, once a colleague has confirmed who asks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

PENDING, CONFIRMED, USED = "PENDING", "CONFIRMED", "USED"
# Long enough to reach a colleague by telephone, too short to be forgotten about.
LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True)
class Recovery:
    """One attempt to recover.

    Attributes:
        name: `countries/FJI/officers/ana/recoveries/0198...`; under no officer where the password was wrong: nobody can tell.
        code_digest: SHA-256 of the code that is told to the colleague, hexadecimal.
        ticket_digest: SHA-256 of what only the asking browser holds, hexadecimal.
        state: `PENDING`, `CONFIRMED` or `USED`.
        create_time: When it was asked for.
        expire_time: It is worthless then.
        confirmer: Who confirmed it; empty before.
    """

    name: str
    code_digest: str
    ticket_digest: str
    create_time: datetime
    expire_time: datetime
    state: str = PENDING
    confirmer: str = ""

    def open_at(self, now: datetime) -> bool:
        """Tells whether it can still be confirmed or used."""
        return self.state != USED and now < self.expire_time

    def confirmed_by(self, officer: str) -> Recovery:
        """Returns it confirmed; by whom it was confirmed first stays."""
        return self if self.state == CONFIRMED else replace(self, state=CONFIRMED, confirmer=officer)
