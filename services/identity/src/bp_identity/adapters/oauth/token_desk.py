"""The token and revocation endpoints: Authlib decides, the use cases act, in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bp_identity.adapters.oauth.server import CODE, REFRESH, Decision, Facts, OAuthServer
from bp_identity.adapters.oauth.web import NO_STORE, Answer, Asked, OAuthRequest, answer_json
from bp_identity.adapters.tokens import SigningMinter
from bp_identity.domain.client import Client
from bp_identity.domain.code import AuthorizationCode
from bp_identity.domain.names import is_client_name
from bp_identity.usecases.authorization import find_code, redeem_code
from bp_identity.usecases.clients import client_subject
from bp_identity.usecases.ending import end_session
from bp_identity.usecases.sessions import Issued, continue_session, find_session, find_usable
from bp_identity.usecases.work import Desk, Work

_OK = 200


class TokenDesk:
    """The token and revocation endpoints.

    Args:
        issuer: The node's public URL.
        desk: What signing in needs.
        minter: Makes tokens.
    """

    def __init__(self, issuer: str, desk: Desk, minter: SigningMinter) -> None:
        self._issuer = issuer
        self._desk = desk
        self._minter = minter

    async def token(self, asked: Asked) -> Answer:
        """Trades a code with its PKCE verifier, a refresh token or a client's secret for tokens (RFC 6749, 7636)."""
        request = OAuthRequest(asked, self._issuer, asked.form)
        # A refusal commits, too: a code or refresh token used twice has just ended its session.
        async with self._desk.transactions() as work:
            facts = Facts(
                clients=await clients_named(work, asked, request),
                code=await find_code(work, asked.typed("code")) if request.payload.grant_type == CODE else None,
                session=await find_usable(work, asked.typed("refresh_token"))
                if request.payload.grant_type == REFRESH
                else None,
            )
            decision = OAuthServer(facts).create_token_response(request)
            if decision.status == _OK:
                decision = await self._fulfil(work, request, facts, decision)
        return _told(decision)

    async def revoke(self, asked: Asked) -> Answer:
        """Ends the session a refresh token belongs to (RFC 7009); an unknown token is as good as ended."""
        request = OAuthRequest(asked, self._issuer, asked.form)
        async with self._desk.transactions() as work:
            session = await find_session(work, asked.typed("token"))
            server = OAuthServer(Facts(clients=await clients_named(work, asked, request), session=session))
            decision = server.create_endpoint_response("revocation", request)
            if server.revoked and session is not None:
                await end_session(work, session.session_id, session.officer)
        return _told(decision)

    async def _fulfil(self, work: Work, request: OAuthRequest, facts: Facts, decision: Decision) -> Decision:
        if facts.code is not None:
            issued = await redeem_code(work, self._desk, facts.code)
            content = _content(issued, work.clock()) | self._id_token(facts.code, work.clock())
        elif facts.session is not None:
            issued = await continue_session(work, self._desk, facts.session, request.form["refresh_token"])
            content = _content(issued, work.clock())
        else:
            content = await self._for_client(work, request.client.client)
        return replace(decision, content=content)

    async def _for_client(self, work: Work, client: Client) -> dict[str, Any]:
        now = work.clock()
        token, ends = self._minter.access_token(await client_subject(work, client, ""), now)
        return {"access_token": token, "token_type": "Bearer", "expires_in": _seconds(ends - now)}

    def _id_token(self, code: AuthorizationCode, now: datetime) -> dict[str, str]:
        if "openid" not in code.scope.split():
            return {}
        claims: dict[str, object] = {
            "sub": code.officer,
            "aud": code.client,
            "auth_time": int(code.auth_time.timestamp()),
            "amr": list(code.methods),
        }
        if code.nonce:
            claims["nonce"] = code.nonce
        return {"id_token": self._minter.id_token(claims, now)}


async def clients_named(work: Work, asked: Asked, request: OAuthRequest) -> dict[str, Client]:
    """Returns the active clients that a request names, by name."""
    names = {request.payload.client_id or "", asked.basic[0] if asked.basic else ""}
    found = [await work.clients.find(name) for name in sorted(names) if is_client_name(name)]
    return {client.name: client for client in found if client is not None and client.active}


def _content(issued: Issued, now: datetime) -> dict[str, Any]:
    return {
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": _seconds(issued.expire_time - now),
        "refresh_token": issued.refresh_token,
        "scope": issued.session.scope,
    }


def _seconds(lifetime: timedelta) -> int:
    return max(int(lifetime.total_seconds()), 0)


def _told(decision: Decision) -> Answer:
    challenge = tuple((name.lower(), value) for name, value in decision.headers if name == "WWW-Authenticate")
    return answer_json(decision.status, decision.content, (*NO_STORE, *challenge))
