"""Password hashes by argon2id (RFC 9106), computed beside the event loop.

Cost: 19 MiB, two passes, one lane, as OWASP recommends where memory is small; a node runs on one small computer. Two at once at most, and
so many waiting, so that a storm of sign-ins takes neither all memory nor all processors, and whoever waits is served within seconds.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bp_identity.domain.password import MAX_LENGTH, normalise
from bp_kit.errors import Refused

_KIB, _PASSES, _LANES = 19_456, 2, 1
_AT_ONCE, _WAITING = 2, 60
Result = TypeVar("Result")


class Argon2Passwords:
    """Slow hashes of passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_KIB, parallelism=_LANES)
        # Costs as much to compare with as anybody's; no password is known to give it.
        self._nobodys = f"$argon2id$v=19$m={_KIB},t={_PASSES},p={_LANES}${_random(16)}${_random(32)}"
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")
        self._asked = 0

    async def hash(self, password: str) -> str:
        """Returns the password's hash, with its own salt and cost.

        Raises:
            Refused: OVERLOADED.
        """
        return await self._beside(self._hasher.hash, normalise(password))

    async def verify(self, password_hash: str, password: str) -> bool:
        """Tells whether it is the password; takes the same time for an empty hash, which never fits.

        Raises:
            Refused: OVERLOADED.
        """
        fits = await self._beside(self._fits, password_hash or self._nobodys, normalise(password)[:MAX_LENGTH])
        return fits and bool(password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Tells whether it was made at another cost than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    async def _beside(self, work: Callable[..., Result], *arguments: str) -> Result:
        if self._asked >= _AT_ONCE + _WAITING:
            raise Refused("OVERLOADED")
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._asked -= 1

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
