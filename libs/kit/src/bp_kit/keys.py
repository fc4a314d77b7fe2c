"""What the nodes know of those who sign access tokens: their public keys, and what has been taken back since."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
from joserfc.jwk import KeySet, OKPKey

from bp_kit.errors import Refused
from bp_kit.logs import get_logger

_REFRESH_SECONDS = 10
_MISSED_SECONDS = 5.0
# Somebody who leaves is out within a minute.
_LOOK_SECONDS = 15
_log = get_logger("bp_kit.keys")


@dataclass(frozen=True)
class Standing:
    """What an officer may do now.

    Attributes:
        roles: `role@unit`, as in tokens.
        clearance: As in tokens.
    """

    roles: tuple[str, ...]
    clearance: int


class KeySource(Protocol):
    """Public keys of the countries whose tokens are accepted here."""

    async def find(self, key_id: str) -> tuple[OKPKey, str] | None:
        """Returns the key and the issuer it signs for, or None when nobody here knows it."""
        ...

    async def voided(self, holder: str) -> float:
        """Returns since when (seconds since the epoch) tokens of an officer or client count; 0: all."""
        ...

    async def standing(self, officer: str, client: str, issued: float) -> Standing | None:
        """Returns what an officer may do now; None where the officer has left, or the session of a token issued then was ended since.

        Args:
            officer: Its `sub`.
            client: Its `client_id`; may be empty.
            issued: Its `iat`, in seconds since the epoch.

        Raises:
            grpc.RpcError: Identity cannot be asked.
        """
        ...


class Issuer(Protocol):
    """What identity tells of its tokens."""

    async def keys(self) -> Any:
        """Returns the JWK set."""
        ...

    async def voided(self) -> Mapping[str, float]:
        """Returns since when tokens count, by officer or client, where some that have not ended by themselves do not."""
        ...

    async def standing(self, officer: str, client: str, issued: float) -> Standing | None:
        """As `KeySource.standing`."""
        ...


class RemoteKeys:
    """What identity tells of its tokens, kept: keys until an unknown one appears, voided tokens for some seconds.

    Args:
        issuer: The issuer's URL.
        told: Asks identity.
        monotonic: Seconds; limits how often strangers can make us ask.
    """

    def __init__(self, issuer: str, told: Issuer, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._told = told
        self._monotonic = monotonic
        self._keys: dict[str, OKPKey] = {}
        self._fetched = float("-inf")
        self._missed = float("-inf")
        self._voided: Mapping[str, float] = {}
        self._looked = float("-inf")

    async def find(self, key_id: str) -> tuple[OKPKey, str] | None:
        """Returns the key of that id, or None.

        Raises:
            Refused: UNAVAILABLE where identity would have to be asked, and cannot.
        """
        if key_id not in self._keys and self._monotonic() - self._fetched >= _REFRESH_SECONDS:
            if self._monotonic() - self._missed < _MISSED_SECONDS:
                raise Refused("UNAVAILABLE")
            try:
                await self.learn()
            except grpc.RpcError:
                # The caller repeats its call, which should not each time wait for identity anew.
                self._missed = self._monotonic()
                raise Refused("UNAVAILABLE") from None
        key = self._keys.get(key_id)
        return (key, self._issuer) if key else None

    async def learn(self) -> None:
        """Asks for the keys.

        Raises:
            grpc.RpcError: Identity cannot be asked.
        """
        keys = keys_in(await self._told.keys())
        self._fetched = self._monotonic()
        self._keys = keys

    async def voided(self, holder: str) -> float:
        """Returns since when the holder's tokens count; what was known before while identity cannot be asked."""
        now = self._monotonic()
        if now - self._looked >= _LOOK_SECONDS:
            # Noted first: others need not ask meanwhile, nor each call while identity is away.
            self._looked = now
            try:
                self._voided = await self._told.voided()
            except grpc.RpcError:
                _log.warning("tokens.voided_unknown")
        return self._voided.get(holder, 0.0)

    async def standing(self, officer: str, client: str, issued: float) -> Standing | None:
        """Returns what an officer may do now, asked anew each time."""
        return await self._told.standing(officer, client, issued)


def keys_in(jwks: Any) -> dict[str, OKPKey]:
    """Returns the keys of a JWK set that can have signed a token, by their ids.

    Raises:
        ValueError: It is none.
        joserfc.errors.JoseError: The same.
    """
    found = KeySet.import_key_set(jwks)
    return {key.kid: key for key in found.keys if isinstance(key, OKPKey) and key.kid}
