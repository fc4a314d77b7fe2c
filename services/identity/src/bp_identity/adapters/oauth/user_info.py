"""The userinfo endpoint: claims about the signed-in officer, as far as the token's scope goes (OpenID Connect Core 5.3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from joserfc import jws
from joserfc.jwk import OKPKey

from bp_identity.adapters.keys import KeyFolder
from bp_identity.adapters.oauth.web import Answer, Asked, answer_json
from bp_identity.domain.officer import Officer
from bp_identity.usecases.work import Desk
from bp_kit.errors import Refused
from bp_kit.tokens import TokenVerifier

_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403


class OwnKeys:
    """The node's own public keys, as a verifier asks for them.

    Args:
        keys: The node's keys.
        issuer: The issuer they sign for.
    """

    def __init__(self, keys: KeyFolder, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    async def find(self, key_id: str) -> tuple[OKPKey, str] | None:
        """Returns the key of that id, or None."""
        key = self._keys.find(key_id)
        return (key, self._issuer) if key else None

    async def voided(self, holder: str) -> float:
        """Returns nothing: what is asked here needs an active officer, who is looked up."""
        return 0.0


class UserInfoDesk:
    """The userinfo endpoint.

    Args:
        desk: Opens transactions.
        keys: The node's keys.
        issuer: The node's public URL.
        now: The time now, in UTC.
    """

    def __init__(self, desk: Desk, keys: KeyFolder, issuer: str, now: Callable[[], datetime]) -> None:
        self._desk = desk
        self._verifier = TokenVerifier(OwnKeys(keys, issuer), lambda: now().timestamp())

    async def answer(self, asked: Asked) -> Answer:
        """Answers with claims, or a challenge (RFC 6750, 3)."""
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return _challenge(_UNAUTHORIZED, "")
        try:
            principal = await self._verifier.verify(token.strip())
        except Refused:
            return _challenge(_UNAUTHORIZED, "invalid_token")
        scopes = _scopes(token.strip())
        if "openid" not in scopes:
            return _challenge(_FORBIDDEN, "insufficient_scope")
        async with self._desk.transactions() as work:
            officer = await work.officers.find(principal.name)
        if officer is None or not officer.active:
            return _challenge(_UNAUTHORIZED, "invalid_token")
        return answer_json(_OK, _claims(officer, scopes))


def _scopes(token: str) -> list[str]:
    """Returns the scope of a token that has been verified."""
    claims = json.loads(jws.extract_compact(token.encode()).payload)
    return str(claims.get("scope", "")).split()


def _claims(officer: Officer, scopes: list[str]) -> dict[str, object]:
    claims: dict[str, object] = {"sub": officer.name}
    if "profile" in scopes:
        claims |= {
            "name": officer.display_name,
            "given_name": officer.person.given_name,
            "family_name": officer.person.family_name,
        }
        if officer.person.language:
            claims["locale"] = officer.person.language
    if "email" in scopes:
        claims["email"] = officer.person.email
    return claims


def _challenge(status: int, error: str) -> Answer:
    told = f'Bearer error="{error}"' if error else "Bearer"
    return answer_json(status, {"error": error} if error else {}, (("www-authenticate", told),))
