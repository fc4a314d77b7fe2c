"""Signs tokens: access tokens by RFC 9068, ID tokens by OpenID Connect Core."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from joserfc import jws

from bp_identity.adapters.keys import KeyFolder
from bp_identity.domain.names import country_of
from bp_identity.usecases.work import TokenSubject
from bp_kit.ports import Ids
from bp_kit.tokens import ALGORITHM, AUDIENCE

# `client_id` of tokens from the sign-in call, which has no OAuth client.
_DIRECT = "direct"


class SigningMinter:
    """Makes tokens signed by the node's key.

    Args:
        keys: The node's keys.
        issuer: The node's public URL.
        lifetime: Of access tokens; 15 minutes at most.
        ids: Makes `jti`.
    """

    def __init__(self, keys: KeyFolder, issuer: str, lifetime: timedelta, ids: Ids) -> None:
        self._keys = keys
        self._issuer = issuer
        self._lifetime = lifetime
        self._ids = ids

    def access_token(self, subject: TokenSubject, now: datetime) -> tuple[str, datetime]:
        """Returns a signed token and when it ends: sooner than usual when a grant in it does."""
        ends = now + self._lifetime
        if subject.not_after is not None:
            ends = min(ends, subject.not_after)
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": subject.name,
            "client_id": subject.client or _DIRECT,
            "country": country_of(subject.name),
            "roles": subject.roles,
            # With its fraction: a token issued just after others were voided counts.
            "iat": now.timestamp(),
            "exp": int(ends.timestamp()),
            "jti": self._ids(),
        }
        if subject.clearance:
            claims["clearance"] = subject.clearance
        if subject.scope:
            claims["scope"] = subject.scope
        return self._sign(claims, "at+jwt"), ends

    def id_token(self, claims: dict[str, object], now: datetime) -> str:
        """Returns a signed ID token with these claims, the issuer and its times."""
        usual = {
            "iss": self._issuer,
            "iat": int(now.timestamp()),
            "exp": int((now + self._lifetime).timestamp()),
        }
        return self._sign({**claims, **usual}, "JWT")

    def _sign(self, claims: dict[str, object], kind: str) -> str:
        key = self._keys.signing_key()
        header = {"typ": kind, "alg": ALGORITHM, "kid": key.kid}
        return jws.serialize_compact(header, json.dumps(claims, separators=(",", ":")), key, algorithms=[ALGORITHM])
