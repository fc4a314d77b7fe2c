"""Access tokens (RFC 9068): each service verifies them by itself with the issuing country's public keys."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from bp_kit.call import Principal
from bp_kit.errors import Refused

AUDIENCE = "bluepacific"
# RFC 9864 names the curve; `EdDSA` alone is deprecated.
ALGORITHM = "Ed25519"
_MAX_TOKEN = 4096
_LEEWAY_SECONDS = 5
_CACHED = 4096
_REFRESH_SECONDS = 10


class KeySource(Protocol):
    """Public keys of the countries whose tokens are accepted here."""

    async def find(self, key_id: str) -> tuple[OKPKey, str] | None:
        """Returns the key and the issuer it signs for, or None when nobody here knows it."""
        ...


class RemoteKeys:
    """Keys fetched from identity as a JWK set, kept, and fetched again when an unknown key appears.

    Args:
        issuer: The issuer they sign for.
        fetch: Returns the JWK set.
        monotonic: Seconds; limits how often strangers can make us fetch.
    """

    def __init__(
        self, issuer: str, fetch: Callable[[], Awaitable[Any]], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: dict[str, OKPKey] = {}
        self._fetched = float("-inf")

    async def find(self, key_id: str) -> tuple[OKPKey, str] | None:
        """Returns the key of that id, or None."""
        if key_id not in self._keys and self._monotonic() - self._fetched >= _REFRESH_SECONDS:
            found = KeySet.import_key_set(await self._fetch())
            self._fetched = self._monotonic()
            self._keys = {key.kid: key for key in found.keys if isinstance(key, OKPKey) and key.kid}
        key = self._keys.get(key_id)
        return (key, self._issuer) if key else None


class TokenVerifier:
    """Turns a bearer token into the principal it names. Verified tokens are remembered until they expire.

    Args:
        keys: Where public keys come from.
        now: Seconds since the epoch.
    """

    def __init__(self, keys: KeySource, now: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._now = now
        self._known: OrderedDict[str, tuple[Principal, float]] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """Returns who the token names.

        Raises:
            Refused: TOKEN_INVALID, TOKEN_EXPIRED.
        """
        known = self._known.get(token)
        if known is None:
            known = await self._verify_anew(token)
            self._known[token] = known
            if len(self._known) > _CACHED:
                self._known.popitem(last=False)
        principal, expires = known
        if self._now() > expires + _LEEWAY_SECONDS:
            self._known.pop(token, None)
            raise Refused("TOKEN_EXPIRED")
        return principal

    async def _verify_anew(self, token: str) -> tuple[Principal, float]:
        if len(token) > _MAX_TOKEN:
            raise Refused("TOKEN_INVALID")
        try:
            header = jws.extract_compact(token.encode()).headers()
            if header.get("typ") != "at+jwt" or header.get("alg") != ALGORITHM or "crit" in header:
                raise Refused("TOKEN_INVALID")
            found = await self._keys.find(str(header.get("kid", "")))
            if found is None:
                raise Refused("TOKEN_INVALID")
            key, issuer = found
            claims = json.loads(jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload)
            return _principal(claims, issuer), float(claims["exp"])
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise Refused("TOKEN_INVALID") from None


def _principal(claims: dict[str, Any], issuer: str) -> Principal:
    audience = claims["aud"]
    country = claims["country"]
    if claims["iss"] != issuer or AUDIENCE not in ([audience] if isinstance(audience, str) else audience):
        raise Refused("TOKEN_INVALID")
    grants = (role_at_unit.split("@", 1) for role_at_unit in claims["roles"])
    return Principal(
        name=claims["sub"],
        country=country,
        grants=frozenset((role, f"countries/{country}/units/{unit}") for role, unit in grants),
    )
