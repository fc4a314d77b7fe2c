"""The token, revocation and introspection endpoints: Authlib decides, the use cases act, in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bp_identity.adapters.oauth.client import CODE, DEVICE, EXCHANGE, REFRESH
from bp_identity.adapters.oauth.exchanging import ISSUED_TYPE, Certifying, Travel, travel_of
from bp_identity.adapters.oauth.inspection import Inspector
from bp_identity.adapters.oauth.possession import Possession
from bp_identity.adapters.oauth.server import Decision, Facts, OAuthServer
from bp_identity.adapters.oauth.web import NO_STORE, Answer, Asked, OAuthRequest, answer_json
from bp_identity.adapters.tokens import SigningMinter
from bp_identity.domain.client import Client
from bp_identity.domain.names import is_client_name
from bp_identity.domain.session import Session
from bp_identity.usecases.authorization import find_code, redeem_code
from bp_identity.usecases.clients import client_subject
from bp_identity.usecases.devices import ask_device, redeem_device
from bp_identity.usecases.ending import end_session
from bp_identity.usecases.sessions import Issued, continue_session, find_session, find_usable
from bp_identity.usecases.work import Desk, Work
from bp_kit.errors import Refused
from bp_kit.visiting import thumbprint_of

_OK, _BAD = 200, 400
_OTHER_KEY = "It is bound to another key."


class TokenDesk:
    """The token, revocation and introspection endpoints.

    Args:
        issuer: The node's public URL.
        desk: What signing in needs.
        minter: Makes tokens.
        inspector: Reads tokens that somebody asks about.
        certifying: Has the key of tokens for other nodes certified.
        possession: Reads proofs of keys.
    """

    def __init__(
        self,
        issuer: str,
        desk: Desk,
        minter: SigningMinter,
        inspector: Inspector,
        *,
        certifying: Certifying,
        possession: Possession,
    ) -> None:
        self._proofs = possession
        self._certifying = certifying
        self._issuer = issuer
        self._desk = desk
        self._minter = minter
        self._inspector = inspector

    async def token(self, asked: Asked) -> Answer:
        """Trades a code with its PKCE verifier, a device code, a refresh token, a client's secret or an access token for tokens.

        RFC 6749, 7636, 8628, 8693.
        """
        request = OAuthRequest(asked, self._issuer, asked.form)
        subject = None
        if request.payload.grant_type == EXCHANGE:
            subject = await self._inspector.access_claims(asked.typed("subject_token"), None)
        try:
            thumbprint = await self._proofs.shown(asked)
        except Refused:
            return answer_json(_BAD, {"error": "invalid_dpop_proof"})
        # A refusal commits, too: a code or refresh token used twice has just ended its session.
        async with self._desk.transactions() as work:
            facts = Facts(clients=await clients_named(work, asked, request), subject=subject)
            match request.payload.grant_type:
                case grant_type if grant_type == CODE:
                    facts.code = await find_code(work, asked.typed("code"))
                case grant_type if grant_type == REFRESH:
                    facts.session = await find_usable(work, asked.typed("refresh_token"))
                case grant_type if grant_type == DEVICE:
                    facts.device = await ask_device(work, asked.typed("device_code"))
            decision = OAuthServer(facts).create_token_response(request)
            if decision.status == _OK and not _is_holder(facts, thumbprint):
                return answer_json(_BAD, {"error": "invalid_grant", "error_description": _OTHER_KEY})
            if decision.status == _OK and subject is not None:
                travel = travel_of(request, subject, thumbprint)
                return told(await self._send_abroad(travel, decision, work.clock()))
            if decision.status == _OK:
                decision = await self._fulfil(work, request, facts, decision, thumbprint)
        return told(decision)

    async def introspect(self, asked: Asked) -> Answer:
        """Tells a program that keeps a secret whether a token counts, and what it says (RFC 7662)."""
        request = OAuthRequest(asked, self._issuer, asked.form)
        inspected = await self._inspector.claims_of(asked.typed("token"))
        async with self._desk.transactions() as work:
            clients = await clients_named(work, asked, request)
        return told(
            OAuthServer(Facts(clients=clients, inspected=inspected)).create_endpoint_response("introspection", request)
        )

    async def revoke(self, asked: Asked) -> Answer:
        """Ends the session a refresh token belongs to (RFC 7009); an unknown token is as good as ended."""
        request = OAuthRequest(asked, self._issuer, asked.form)
        async with self._desk.transactions() as work:
            session = await find_session(work, asked.typed("token"))
            server = OAuthServer(Facts(clients=await clients_named(work, asked, request), session=session))
            decision = server.create_endpoint_response("revocation", request)
            if server.revoked and session is not None:
                await end_session(work, session.session_id, session.officer)
        return told(decision)

    async def _fulfil(
        self, work: Work, request: OAuthRequest, facts: Facts, decision: Decision, thumbprint: str
    ) -> Decision:
        if facts.code is not None:
            issued = await redeem_code(work, self._desk, facts.code, thumbprint)
            content = _content(issued, work.clock()) | self._id_token(issued.session, work.clock(), facts.code.nonce)
        elif facts.device is not None:
            issued = await redeem_device(work, self._desk, facts.device.grant, thumbprint)
            content = _content(issued, work.clock()) | self._id_token(issued.session, work.clock())
        elif facts.session is not None:
            issued = await continue_session(work, self._desk, facts.session, request.form["refresh_token"], thumbprint)
            content = _content(issued, work.clock())
        else:
            content = await self._for_client(work, request, thumbprint)
        if thumbprint:
            content |= {"token_type": "DPoP"}
        return replace(decision, content=content)

    async def _send_abroad(self, travel: Travel, decision: Decision, now: datetime) -> Decision:
        certificate = await self._certifying.certificate(self._minter.public_key())
        token, ends = self._minter.token_abroad(travel, certificate, now)
        kind = "DPoP" if travel.thumbprint else "Bearer"
        content = {"access_token": token, "issued_token_type": ISSUED_TYPE, "token_type": kind}
        return replace(decision, content=content | {"expires_in": _seconds(ends - now)})

    async def _for_client(self, work: Work, request: OAuthRequest, thumbprint: str) -> dict[str, Any]:
        now, asked = work.clock(), (request.payload.scope or "").split()
        subject = await client_subject(work, request.client.client, asked, thumbprint)
        token, ends = self._minter.access_token(subject, now)
        content = {"access_token": token, "token_type": "Bearer", "expires_in": _seconds(ends - now)}
        return content | ({"scope": subject.scope} if subject.scope else {})

    def _id_token(self, session: Session, now: datetime, nonce: str = "") -> dict[str, str]:
        if "openid" not in session.scope.split():
            return {}
        claims: dict[str, object] = {
            "sub": session.officer,
            "sid": session.session_id,
            "aud": session.client,
            "auth_time": int(session.auth_time.timestamp()),
            "amr": list(session.methods),
        }
        if nonce:
            claims["nonce"] = nonce
        return {"id_token": self._minter.id_token(claims, now)}


async def clients_named(work: Work, asked: Asked, request: OAuthRequest) -> dict[str, Client]:
    """Returns the active clients that a request names, by name."""
    return await active_clients(work, {request.payload.client_id or "", asked.basic[0] if asked.basic else ""})


async def active_clients(work: Work, names: Collection[str]) -> dict[str, Client]:
    """Returns the active clients of these names, which come from outside and may be anything."""
    found = [await work.clients.find(name) for name in sorted(names) if is_client_name(name)]
    present = [client.as_of(work.clock()) for client in found if client is not None]
    return {client.name: client for client in present if client.active}


def _is_holder(facts: Facts, thumbprint: str) -> bool:
    """Tells whether the key that was shown is the one that the code, session or officer's own token is bound to."""
    if facts.code is not None:
        bound = facts.code.thumbprint
    elif facts.session is not None:
        bound = facts.session.thumbprint
    else:
        bound = thumbprint_of(facts.subject or {})
    return not bound or bound == thumbprint


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


def told(decision: Decision) -> Answer:
    """Returns a decision as an answer."""
    challenge = tuple((name.lower(), value) for name, value in decision.headers if name == "WWW-Authenticate")
    return answer_json(decision.status, decision.content, (*NO_STORE, *challenge))
