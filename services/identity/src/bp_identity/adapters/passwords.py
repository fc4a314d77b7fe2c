"""Password hashes by argon2id (RFC 9106), computed beside the event loop.

Cost: 19 MiB, two passes, one lane, as OWASP recommends where memory is small; a node runs on one small computer. Two at once at most,
so that a storm of sign-ins takes neither all memory nor all processors.
"""

from __future__ import annotations

import asyncio
import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bp_identity.domain.password import MAX_LENGTH, normalise

_KIB, _PASSES, _LANES = 19_456, 2, 1
_AT_ONCE = 2


class Argon2Passwords:
    """Slow hashes of passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_KIB, parallelism=_LANES)
        # Costs as much to compare with as anybody's; no password is known to give it.
        self._nobodys = f"$argon2id$v=19$m={_KIB},t={_PASSES},p={_LANES}${_random(16)}${_random(32)}"
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """Returns the password's hash, with its own salt and cost."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, normalise(password))

    async def verify(self, password_hash: str, password: str) -> bool:
        """Tells whether it is the password; takes the same time for an empty hash, which never fits."""
        async with self._places:
            fits = await asyncio.to_thread(self._fits, password_hash or self._nobodys, normalise(password)[:MAX_LENGTH])
        return fits and bool(password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Tells whether it was made at another cost than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
