"""Access tokens (RFC 9068): each service verifies them by itself with the issuing country's public keys."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import grpc
from joserfc import jws
from joserfc.errors import JoseError

from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.keys import KeySource
from bp_kit.proofs import read_proof
from bp_kit.taken import Taken, TakenHere
from bp_kit.visiting import ALGORITHM as ALGORITHM  # noqa: PLC0414 - services know it by this module
from bp_kit.visiting import CERTIFICATE, Visitors, thumbprint_of

AUDIENCE = "bluepacific"
_MAX_TOKEN = 4096
_LEEWAY_SECONDS = 5
_CACHED = 4096
# What the parts of a token raise that is none.
_MALFORMED = (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


class TokenVerifier:
    """Turns a bearer token into the principal it names. Verified tokens are remembered until they expire.

    Args:
        keys: Where public keys come from.
        now: Seconds since the epoch.
        visitors: Verifies tokens of other nodes; None refuses them.
        taken: Takes the proofs that come with tokens bound to a key; None: this process remembers them.
    """

    def __init__(
        self,
        keys: KeySource,
        now: Callable[[], float] = time.time,
        *,
        visitors: Visitors | None = None,
        taken: Taken | None = None,
    ) -> None:
        self._keys = keys
        self._taken = taken or TakenHere(now)
        self._visitors = visitors
        self._now = now
        self._known: OrderedDict[str, _Verified] = OrderedDict()

    async def verify_bound(self, token: str, proof: str, request: str = "") -> Principal:
        """Returns who a token names that its holder's key has signed for (RFC 9449). For which request, the gateway has looked at.

        Args:
            token: As sent.
            proof: As sent.
            request: The mark of the request; with it the proof may come again.

        Raises:
            Refused: As `verify`; TOKEN_INVALID also for a proof that is none, or of another time, token or key, or that came before.
        """
        shown = read_proof(proof)
        shown.check(self._now(), token)
        principal = await self.verify(token, shown.thumbprint)
        # Last: nobody but holders of a token and its key can have anything noted.
        await self._taken.take(shown, request)
        return principal

    async def verify(self, token: str, thumbprint: str | None = "") -> Principal:
        """Returns who the token names.

        Args:
            token: As sent.
            thumbprint: Of the key that its holder has; empty for none shown, which a token bound to a key needs; None: whoever holds it.

        Raises:
            Refused: TOKEN_INVALID, TOKEN_EXPIRED; UNAVAILABLE where a visitor's node cannot be looked up.
        """
        known = self._known.get(token)
        if known is None:
            header = _read_header(token)
            if CERTIFICATE in header:
                return await self._visitor(token, header, thumbprint)
            known = await self._verify_anew(token, header)
            self._known[token] = known
            if len(self._known) > _CACHED:
                self._known.popitem(last=False)
        if self._now() > known.expires + _LEEWAY_SECONDS or await self._is_void(known):
            self._known.pop(token, None)
            raise Refused("TOKEN_EXPIRED")
        if thumbprint is not None and thumbprint != known.thumbprint:
            raise Refused("TOKEN_INVALID")
        return known.principal

    async def verify_accepted(self, token: str, accepted: float, proof: str | None) -> Principal:
        """Returns who a token named when the gateway took the call that came with it, with what they may do now.

        The proof of a bound token is not taken once more: such a call has one effect however often it is made.

        Args:
            token: An officer's, of this node; may have ended since.
            accepted: When it was taken, in seconds since the epoch.
            proof: What the token's key signed; None where none came.

        Raises:
            Refused: TOKEN_INVALID, TOKEN_EXPIRED; UNAVAILABLE where identity cannot be asked.
        """
        thumbprint = ""
        if proof is not None:
            shown = read_proof(proof)
            shown.check(accepted, token)
            thumbprint = shown.thumbprint
        header = _read_header(token)
        try:
            known = await self._verify_anew(token, header)
            if CERTIFICATE in header or thumbprint != known.thumbprint:
                raise Refused("TOKEN_INVALID")
            officer, client = (*known.holders, "")[:2]
            standing = await self._keys.standing(officer, client, known.issued)
        except grpc.RpcError:
            raise Refused("UNAVAILABLE") from None
        in_time = known.issued - _LEEWAY_SECONDS <= accepted <= known.expires + _LEEWAY_SECONDS
        if standing is None or not in_time:
            raise Refused("TOKEN_EXPIRED")
        grants = _grants(known.principal.country, standing.roles)
        return replace(known.principal, grants=grants, clearance=standing.clearance)

    async def require_not_void(self, token: str) -> None:
        """Refuses a token of this node that was voided since it was verified; that its time runs out does not end a call that has begun.

        Raises:
            Refused: TOKEN_EXPIRED.
        """
        known = self._known.get(token) or await self._verify_anew(token, _read_header(token))
        if await self._is_void(known):
            raise Refused("TOKEN_EXPIRED")

    async def _visitor(self, token: str, header: Mapping[str, Any], thumbprint: str | None) -> Principal:
        if self._visitors is None:
            raise Refused("TOKEN_INVALID")
        try:
            visitor = await self._visitors.verify(token, header[CERTIFICATE])
        except _MALFORMED:
            raise Refused("TOKEN_INVALID") from None
        if thumbprint is not None and thumbprint != visitor.thumbprint:
            raise Refused("TOKEN_INVALID")
        return visitor.principal

    async def _is_void(self, known: _Verified) -> bool:
        until = max([await self._keys.voided(holder) for holder in known.holders])
        return known.issued < until

    async def _verify_anew(self, token: str, header: Mapping[str, Any]) -> _Verified:
        try:
            found = await self._keys.find(str(header.get("kid", "")))
            if found is None:
                raise Refused("TOKEN_INVALID")
            key, issuer = found
            claims = json.loads(jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload)
            return _Verified(
                _principal(claims, issuer),
                float(claims["iat"]),
                float(claims["exp"]),
                _holders(claims),
                thumbprint_of(claims),
            )
        except _MALFORMED:
            raise Refused("TOKEN_INVALID") from None


@dataclass(frozen=True)
class _Verified:
    principal: Principal
    issued: float
    expires: float
    holders: tuple[str, ...]
    thumbprint: str


def _read_header(token: str) -> Mapping[str, Any]:
    """Returns the header of a token of bearable length that says it is an access token, which nobody has vouched for yet."""
    if len(token) > _MAX_TOKEN:
        raise Refused("TOKEN_INVALID")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except _MALFORMED:
        raise Refused("TOKEN_INVALID") from None
    if header.get("typ") != "at+jwt" or header.get("alg") != ALGORITHM or "crit" in header:
        raise Refused("TOKEN_INVALID")
    return header


def _holders(claims: dict[str, Any]) -> tuple[str, ...]:
    """Returns who can lose the token: the officer, and the client that it was issued through."""
    return tuple(dict.fromkeys((str(claims["sub"]), str(claims.get("client_id", "")))))


def _principal(claims: dict[str, Any], issuer: str) -> Principal:
    audience = claims["aud"]
    country = claims["country"]
    if claims["iss"] != issuer or AUDIENCE not in ([audience] if isinstance(audience, str) else audience):
        raise Refused("TOKEN_INVALID")
    return Principal(
        name=claims["sub"],
        country=country,
        grants=_grants(country, claims["roles"]),
        clearance=int(claims.get("clearance", 0)),
        scopes=_scopes(claims),
    )


def _grants(country: str, roles: Iterable[str]) -> frozenset[tuple[str, str]]:
    held = (role_at_unit.split("@", 1) for role_at_unit in roles)
    return frozenset((role, f"countries/{country}/units/{unit}") for role, unit in held)


def _scopes(claims: dict[str, Any]) -> frozenset[str] | None:
    """Returns what a program's token is narrowed to. A person's scope says what its program may learn of the person, not what it may do."""
    if "scope" not in claims or "/clients/" not in claims["sub"]:
        return None
    return frozenset(claims["scope"].split())
