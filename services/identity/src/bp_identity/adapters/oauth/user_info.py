"""The userinfo endpoint: claims about the signed-in officer, as far as the token's scope goes (OpenID Connect Core 5.3)."""

from __future__ import annotations

from bp_identity.adapters.oauth.inspection import Inspector
from bp_identity.adapters.oauth.possession import Possession
from bp_identity.adapters.oauth.web import Answer, Asked, answer_json
from bp_identity.domain.officer import Officer
from bp_identity.usecases.work import Desk
from bp_kit.errors import Refused

_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403


class UserInfoDesk:
    """The userinfo endpoint.

    Args:
        desk: Opens transactions.
        inspector: Reads access tokens.
        possession: Reads proofs of keys.
    """

    def __init__(self, desk: Desk, inspector: Inspector, possession: Possession) -> None:
        self._possession = possession
        self._desk = desk
        self._inspector = inspector

    async def answer(self, asked: Asked) -> Answer:
        """Answers with claims, or a challenge (RFC 6750, 3)."""
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "dpop"):
            return _challenge(_UNAUTHORIZED, "")
        try:
            thumbprint = await self._possession.shown(asked, token.strip()) if scheme.lower() == "dpop" else ""
        except Refused:
            return _challenge(_UNAUTHORIZED, "invalid_dpop_proof")
        told = await self._inspector.access_claims(token.strip(), thumbprint)
        if told is None:
            return _challenge(_UNAUTHORIZED, "invalid_token")
        scopes = str(told.get("scope", "")).split()
        if "openid" not in scopes:
            return _challenge(_FORBIDDEN, "insufficient_scope")
        async with self._desk.transactions() as work:
            officer = await work.officers.find(str(told["sub"]))
        if officer is None or not officer.active:
            return _challenge(_UNAUTHORIZED, "invalid_token")
        return answer_json(_OK, _claims(officer, scopes))


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
