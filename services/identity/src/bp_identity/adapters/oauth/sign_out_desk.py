"""Signing out where a program asks for it (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

import json

from authlib.oauth2.rfc6749 import OAuth2Error

from bp_identity.adapters.keys import KeyFolder
from bp_identity.adapters.oauth.pages import Pages, visit_of
from bp_identity.adapters.oauth.server import Facts, OAuthServer
from bp_identity.adapters.oauth.token_desk import active_clients
from bp_identity.adapters.oauth.web import NO_STORE, Answer, Asked, OAuthRequest
from bp_identity.usecases.ending import end_session
from bp_identity.usecases.work import Desk

_SEE_OTHER = 303


class SignOutDesk:
    """The end-session endpoint.

    Args:
        issuer: The node's public URL.
        desk: Opens transactions.
        keys: The node's keys, which signed the ID token that comes as a hint.
        pages: What people see.
    """

    def __init__(self, issuer: str, desk: Desk, keys: KeyFolder, pages: Pages) -> None:
        self._issuer = issuer
        self._desk = desk
        self._keys = keys
        self._pages = pages

    async def answer(self, asked: Asked) -> Answer:
        """Ends the session that the ID token belongs to, and leads back to the program where it has registered the address.

        Browsers keep no session of their own here: without an ID token there is nothing to end.
        """
        fields = asked.form if asked.method == "POST" else asked.parameters
        request = OAuthRequest(asked, self._issuer, fields)
        server = OAuthServer(Facts(), jwks=json.loads(self._keys.jwks()))
        async with self._desk.transactions() as work:
            server.facts.clients = await active_clients(work, server.clients_hinted(request))
            try:
                ended = server.validate_endpoint_request("end_session", request)
            except OAuth2Error as error:
                description = error.get_error_description() or ""
                return self._pages.refusal(visit_of(asked), error.error, description, status=error.status_code)
            claims = ended.id_token_claims or {}
            if claims.get("sid") and claims.get("sub"):
                await end_session(work, str(claims["sid"]), str(claims["sub"]))
        if ended.redirect_uri:
            return Answer(_SEE_OTHER, (("location", ended.redirect_uri), *NO_STORE))
        return self._pages.done(visit_of(asked), "signed_out")
