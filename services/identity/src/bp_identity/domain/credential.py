"""What proves that an officer is who signs in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True)
class Credential:
    """Password and one-time code secret of an officer.

    Attributes:
        officer: Whose.
        password_hash: Slow hash.
        password_expire_time: Set on a temporary password, which must be changed before.
        totp_sealed: Secret in force, sealed; empty when none.
        totp_pending: Secret that waits to be confirmed, sealed; empty when none.
        totp_step: Time step of the last code that was taken; none up to it is taken again.
    """

    officer: str
    password_hash: str
    password_expire_time: datetime | None = None
    totp_sealed: str = ""
    totp_pending: str = ""
    totp_step: int = 0

    def usable(self, now: datetime) -> bool:
        """Tells whether the password still works at all."""
        return self.password_expire_time is None or now < self.password_expire_time

    @property
    def temporary(self) -> bool:
        """Whether the password must be changed before anything else."""
        return self.password_expire_time is not None

    def took_code(self, step: int | None) -> Credential | None:
        """Returns it after a code of that step was taken; None when there is no such step, or it was used before."""
        if step is None or step <= self.totp_step:
            return None
        return replace(self, totp_step=step)
