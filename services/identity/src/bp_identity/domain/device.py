"""A device grant: a program without a browser waits until a person has approved it elsewhere (RFC 8628)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

PENDING, APPROVED, DENIED, USED = "PENDING", "APPROVED", "DENIED", "USED"
LIFETIME = timedelta(minutes=10)
INTERVAL_SECONDS = 5
# RFC 8628, 3.5: a program that asks too often waits that much longer from then on.
_SLOWER_SECONDS = 5
# Consonants without those that are easily taken for another: no words arise, and nobody mistypes.
USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_USER_CODE_LENGTH = 8


@dataclass(frozen=True)
class DeviceGrant:
    """One attempt of a program to be let in.

    Attributes:
        digest: SHA-256 of the device code, hexadecimal.
        user_digest: SHA-256 of the user code, hexadecimal.
        client: The program.
        scope: OAuth scope, words separated by blanks.
        expire_time: Both codes are worthless then.
        interval: Seconds that the program waits between two questions.
        poll_time: When it asked last; None before.
        state: `PENDING`, `APPROVED`, `DENIED` or `USED`.
        officer: Who approved it; empty before.
        auth_time: When that person proved who it is.
        methods: How, by RFC 8176.
    """

    digest: str
    user_digest: str
    client: str
    scope: str
    expire_time: datetime
    interval: int = INTERVAL_SECONDS
    poll_time: datetime | None = None
    state: str = PENDING
    officer: str = ""
    auth_time: datetime | None = None
    methods: tuple[str, ...] = ()

    def asked_too_soon(self, now: datetime) -> bool:
        """Tells whether the program did not wait as it was told."""
        return self.poll_time is not None and now < self.poll_time + timedelta(seconds=self.interval)

    def expired(self, now: datetime) -> bool:
        """Tells whether its codes are worthless."""
        return now >= self.expire_time

    def asked(self, now: datetime) -> DeviceGrant:
        """Returns it after the program has asked."""
        slower = _SLOWER_SECONDS if self.asked_too_soon(now) else 0
        return replace(self, poll_time=now, interval=self.interval + slower)

    def open_at(self, now: datetime) -> bool:
        """Tells whether a person can still decide."""
        return self.state == PENDING and not self.expired(now)


def plain_user_code(typed: str) -> str:
    """Returns a user code as it is compared: letters only, in upper case; empty for what cannot be one."""
    letters = "".join(letter for letter in typed.upper()[:40] if letter.isalnum())
    fits = len(letters) == _USER_CODE_LENGTH and set(letters) <= set(USER_CODE_LETTERS)
    return letters if fits else ""


def shown_user_code(plain: str) -> str:
    """Returns a user code as people see it: `BCDF-GHJK`."""
    return f"{plain[: _USER_CODE_LENGTH // 2]}-{plain[_USER_CODE_LENGTH // 2 :]}"
