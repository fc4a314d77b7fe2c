"""Signs tokens: access tokens by RFC 9068, ID tokens by OpenID Connect Core."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta

from joserfc import jws

from bp_identity.adapters.keys import KeyFolder
from bp_identity.adapters.oauth.exchanging import Travel
from bp_identity.usecases.proving import TokenSubject
from bp_kit.names import country_of
from bp_kit.ports import Ids
from bp_kit.tokens import ALGORITHM, AUDIENCE
from bp_kit.visiting import CERTIFICATE, MAX_SECONDS, REGISTRY, ROLE, audience_of

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
        if subject.thumbprint:
            claims["cnf"] = {"jkt": subject.thumbprint}
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

    def public_key(self) -> bytes:
        """Returns the Ed25519 public key of the tokens made now, 32 bytes."""
        x = str(self._keys.signing_key().as_dict(private=False)["x"])
        return base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))

    def token_abroad(self, travel: Travel, certificate: bytes, now: datetime) -> tuple[str, datetime]:
        """Returns a signed token for another node, and when it ends: a liaison officer's of the same units, never longer than the own.

        Args:
            travel: Whose, and where to.
            certificate: This node's, of the key of tokens made now.
            now: The time now.
        """
        ends = min(now + timedelta(seconds=MAX_SECONDS), travel.not_after)
        claims = {
            "iss": self._issuer,
            "aud": audience_of(travel.country),
            "sub": travel.officer,
            "act": {"sub": travel.client},
            "client_id": travel.client,
            "country": country_of(travel.officer),
            "roles": [f"{ROLE}@{unit}" for unit in travel.units],
            "iat": now.timestamp(),
            "exp": int(ends.timestamp()),
            "jti": self._ids(),
        }
        if travel.thumbprint:
            claims["cnf"] = {"jkt": travel.thumbprint}
        carried = base64.urlsafe_b64encode(certificate).rstrip(b"=").decode()
        header = {"typ": "at+jwt", "alg": ALGORITHM, CERTIFICATE: carried}
        content = json.dumps(claims, separators=(",", ":"))
        return jws.serialize_compact(header, content, self._keys.signing_key(), registry=REGISTRY), ends

    def _sign(self, claims: dict[str, object], kind: str) -> str:
        key = self._keys.signing_key()
        header = {"typ": kind, "alg": ALGORITHM, "kid": key.kid}
        return jws.serialize_compact(header, json.dumps(claims, separators=(",", ":")), key, algorithms=[ALGORITHM])
