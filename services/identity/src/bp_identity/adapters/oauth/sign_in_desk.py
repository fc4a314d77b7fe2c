"""The authorization endpoint: checks what the client asks for, has the person sign in, sends the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import OAuth2Error

from bp_identity.adapters.oauth.pages import Pages, Visit, visit_of
from bp_identity.adapters.oauth.server import Facts, OAuthServer
from bp_identity.adapters.oauth.sign_in_form import Occasion, SignInForm
from bp_identity.adapters.oauth.token_desk import clients_named
from bp_identity.adapters.oauth.web import NO_STORE, Answer, Asked, OAuthRequest
from bp_identity.usecases.authorization import CodeWanted, keep_code
from bp_identity.usecases.sign_in import Proof
from bp_identity.usecases.work import Desk
from bp_kit.names import country_of

_SEE_OTHER = 303


@dataclass(frozen=True)
class _Errand:
    """One authorization request that Authlib found right.

    Attributes:
        occasion: What the person signs in for.
        request: As Authlib reads it.
        server: Decided, and will make the code.
        grant: Authlib's.
    """

    occasion: Occasion
    request: OAuthRequest
    server: OAuthServer
    grant: Any


class SignInDesk:
    """The authorization endpoint.

    Args:
        issuer: The node's public URL.
        desk: What signing in needs.
        pages: What people see.
        form: The sign-in form.
    """

    def __init__(self, issuer: str, desk: Desk, pages: Pages, form: SignInForm) -> None:
        self._issuer = issuer
        self._desk = desk
        self._pages = pages
        self._form = form

    async def authorize(self, asked: Asked) -> Answer:
        """Shows the sign-in page; takes its form and redirects with a code."""
        visit = visit_of(asked)
        request = OAuthRequest(asked, self._issuer, asked.parameters)
        async with self._desk.transactions() as work:
            server = OAuthServer(Facts(clients=await clients_named(work, asked, request)))
        try:
            grant = server.get_consent_grant(request)
        except OAuth2Error as error:
            return self._refuse(visit, error)
        client = request.client.client
        occasion = Occasion(
            asked, visit, country_of(client.name), client.draft.display_name, request.payload.redirect_uri
        )
        errand = _Errand(occasion, request, server, grant)
        return await self._take(errand)

    async def _take(self, errand: _Errand) -> Answer:
        outcome = await self._form.answer(errand.occasion)
        if isinstance(outcome, Answer):
            return outcome
        if outcome is None:
            return self._redirect(errand.server.create_authorization_response(errand.request, None, errand.grant))
        return await self._send_code(errand, outcome)

    async def _send_code(self, errand: _Errand, proof: Proof) -> Answer:
        officer = proof.officer.name
        decision = errand.server.create_authorization_response(errand.request, officer, errand.grant)
        data = errand.request.payload.data
        wanted = CodeWanted(
            client=errand.request.client.client.name,
            redirect_uri=data["redirect_uri"],
            scope=errand.request.scope,
            nonce=data.get("nonce", ""),
            challenge=data["code_challenge"],
            thumbprint=data.get("dpop_jkt", ""),
        )
        async with self._desk.transactions() as work:
            await keep_code(work, self._desk, errand.server.code, wanted, proof)
        return self._redirect(decision, self._form.remembered(errand.occasion.asked, officer))

    def _refuse(self, visit: Visit, error: OAuth2Error) -> Answer:
        """Tells the client where it is known for sure, else the person (RFC 6749, 4.1.2.1)."""
        status, _, headers = error()
        if error.redirect_uri:
            return self._redirect_to(dict(headers)["Location"])
        return self._pages.refusal(visit, error.error, error.get_error_description() or "", status=status)

    def _redirect(self, decision: Any, *headers: tuple[str, str]) -> Answer:
        return self._redirect_to(dict(decision.headers)["Location"], *headers)

    def _redirect_to(self, location: str, *headers: tuple[str, str]) -> Answer:
        # RFC 9207: the client can tell which provider answered.
        address = add_params_to_uri(location, [("iss", self._issuer)])
        return Answer(_SEE_OTHER, (("location", address), ("referrer-policy", "no-referrer"), *NO_STORE, *headers))
