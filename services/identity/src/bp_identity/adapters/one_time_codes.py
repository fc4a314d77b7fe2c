"""Time-based one-time codes (RFC 6238): six digits, thirty seconds, one step of tolerance either way."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

from bp_kit.sealing import Sealer

_STEP_SECONDS = 30
_ISSUER = "Blue Pacific"


class TotpCodes:
    """Secrets, sealed with the node's key and bound to their officer, and their codes.

    Args:
        sealer: Holds the key.
    """

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def new_secret(self) -> str:
        """Returns a new secret of 160 bits in base32."""
        return pyotp.random_base32()

    def uri(self, secret: str, label: str) -> str:
        """Returns the `otpauth://` address of a secret."""
        return pyotp.TOTP(secret).provisioning_uri(name=label, issuer_name=_ISSUER)

    def seal(self, officer: str, secret: str) -> str:
        """Returns the secret as it is kept."""
        return self._sealer.seal(secret.encode(), _context(officer))

    def match(self, officer: str, sealed: str, code: str, now: datetime) -> int | None:
        """Returns the time step whose code it is, now or one step around; None when it is none's."""
        totp = pyotp.TOTP(self._sealer.open(sealed, _context(officer)).decode())
        current = int(now.timestamp()) // _STEP_SECONDS
        found = None
        for step in (current - 1, current, current + 1):
            # All three are compared, so that the time taken tells nothing.
            if hmac.compare_digest(totp.generate_otp(step), code):
                found = step
        return found


def _context(officer: str) -> bytes:
    return b"totp:" + officer.encode()
