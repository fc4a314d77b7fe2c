"""The authorization endpoint: checks what the client asks for, shows the sign-in page, takes its form, sends the code."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import OAuth2Error

from bp_identity.adapters.oauth.cookies import Cookies
from bp_identity.adapters.oauth.pages import Form, Pages, Visit, language_of, texts
from bp_identity.adapters.oauth.server import Facts, OAuthServer
from bp_identity.adapters.oauth.token_desk import clients_named
from bp_identity.adapters.oauth.web import NO_STORE, Answer, Asked, OAuthRequest
from bp_identity.domain.client import Client
from bp_identity.domain.names import country_of
from bp_identity.usecases.authorization import CodeWanted, keep_code
from bp_identity.usecases.sign_in import Attempt, Proof, authenticate
from bp_identity.usecases.work import Desk
from bp_kit.errors import Refused
from bp_kit.ports import Ids
from bp_kit.reasons import reason_text

_OK, _SEE_OTHER, _BAD, _FORBIDDEN, _TOO_MANY = 200, 303, 400, 403, 429
_STATUS = {
    "SIGN_IN_THROTTLED": _TOO_MANY,
    "SIGN_IN_FAILED": _FORBIDDEN,
    "TOTP_REQUIRED": _FORBIDDEN,
    "PASSWORD_CHANGE_REQUIRED": _FORBIDDEN,
}
_LONGEST_NAME, _LONGEST_PASSWORD = 254, 1024


@dataclass(frozen=True)
class _Errand:
    """One authorization request that Authlib found right.

    Attributes:
        asked: What came.
        visit: Who looks, and where.
        request: As Authlib reads it.
        server: Decided, and will make the code.
        grant: Authlib's.
    """

    asked: Asked
    visit: Visit
    request: OAuthRequest
    server: OAuthServer
    grant: Any

    @property
    def client(self) -> Client:
        """Who asks."""
        client: Client = self.request.client.client
        return client


class SignInDesk:
    """The authorization endpoint.

    Args:
        issuer: The node's public URL.
        desk: What signing in needs.
        pages: What people see.
        cookies: What browsers keep.
        new_id: Names browsers.
    """

    def __init__(self, issuer: str, desk: Desk, pages: Pages, cookies: Cookies, new_id: Ids) -> None:
        self._issuer = issuer
        self._desk = desk
        self._pages = pages
        self._cookies = cookies
        self._new_id = new_id

    async def authorize(self, asked: Asked) -> Answer:
        """Shows the sign-in page; takes its form and redirects with a code."""
        language = language_of(asked.parameters, asked.headers.get("accept-language", ""))
        visit = Visit(asked.path, asked.parameters, language)
        request = OAuthRequest(asked, self._issuer, asked.parameters)
        async with self._desk.transactions() as work:
            server = OAuthServer(Facts(clients=await clients_named(work, asked, request)))
        try:
            grant = server.get_consent_grant(request)
        except OAuth2Error as error:
            return self._refuse(visit, error)
        errand = _Errand(asked, visit, request, server, grant)
        return await self._take(errand) if asked.method == "POST" else self._show(errand, Form(), _OK)

    async def _take(self, errand: _Errand) -> Answer:
        asked, language = errand.asked, errand.visit.language
        form = Form(username=asked.typed("username")[:_LONGEST_NAME], changing=bool(asked.typed("changing")))
        if not self._cookies.is_ours(asked, errand.visit.address):
            return self._show(errand, replace(form, alarm=texts(language)["stale"]), _BAD)
        if asked.typed("cancel"):
            return self._redirect(errand.server.create_authorization_response(errand.request, None, errand.grant))
        if form.changing and asked.typed("new_password") != asked.typed("repeat_password"):
            return self._show(errand, replace(form, alarm=texts(language)["not_the_same"]), _BAD)
        try:
            proof = await self._prove(errand, form)
        except Refused as refused:
            return self._show_again(errand, form, refused)
        return await self._send_code(errand, proof)

    async def _prove(self, errand: _Errand, form: Form) -> Proof:
        asked = errand.asked
        attempt = Attempt(
            username=form.username,
            password=asked.typed("password")[:_LONGEST_PASSWORD],
            totp=_digits(asked.typed("totp")),
            country=country_of(errand.client.name),
            device=self._cookies.device(asked),
        )
        new_password = asked.typed("new_password")[:_LONGEST_PASSWORD] if form.changing else ""
        return await authenticate(self._desk, attempt, new_password=new_password)

    async def _send_code(self, errand: _Errand, proof: Proof) -> Answer:
        officer = proof.officer.name
        decision = errand.server.create_authorization_response(errand.request, officer, errand.grant)
        data = errand.request.payload.data
        wanted = CodeWanted(
            client=errand.client.name,
            redirect_uri=data["redirect_uri"],
            scope=errand.request.scope,
            nonce=data.get("nonce", ""),
            challenge=data["code_challenge"],
        )
        async with self._desk.transactions() as work:
            await keep_code(work, self._desk, errand.server.code, wanted, proof)
        known = self._cookies.device(errand.asked)
        device_id = known.device_id if known and known.officer == officer else self._new_id()
        return self._redirect(decision, self._cookies.remember(officer, device_id))

    def _show_again(self, errand: _Errand, form: Form, refused: Refused) -> Answer:
        alarm = reason_text(refused.reason, errand.visit.language, refused.metadata)
        changing = form.changing or refused.reason == "PASSWORD_CHANGE_REQUIRED"
        wait = (("retry-after", refused.metadata["seconds"]),) if "seconds" in refused.metadata else ()
        status = _STATUS.get(refused.reason, _BAD)
        return self._show(errand, replace(form, alarm=alarm, changing=changing), status, *wait)

    def _show(self, errand: _Errand, form: Form, status: int, *headers: tuple[str, str]) -> Answer:
        key, cookie = self._cookies.form_key(errand.asked)
        return self._pages.sign_in(
            errand.visit,
            form,
            client=errand.client.draft.display_name,
            proof=self._cookies.proof(key, errand.visit.address),
            redirect_uri=errand.request.payload.redirect_uri,
            status=status,
            headers=(*headers, cookie) if cookie else headers,
        )

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


def _digits(typed: str) -> str:
    """Returns a one-time code in ASCII: Arabic keyboards have digits of their own."""
    return "".join(str(unicodedata.digit(letter, "?")) for letter in "".join(typed.split())[:_LONGEST_NAME])
