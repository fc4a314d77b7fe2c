"""Device authorization (RFC 8628): a terminal shows a code, a person types it into a browser and signs in there."""

from __future__ import annotations

from dataclasses import replace

from bp_identity.adapters.oauth.pages import Pages, visit_of
from bp_identity.adapters.oauth.server import Facts, OAuthServer
from bp_identity.adapters.oauth.sign_in_form import Occasion, SignInForm
from bp_identity.adapters.oauth.token_desk import clients_named, told
from bp_identity.adapters.oauth.web import Answer, Asked, OAuthRequest
from bp_identity.domain.client import Client
from bp_identity.domain.device import plain_user_code, shown_user_code
from bp_identity.usecases.devices import begin_device, decide_device, find_device
from bp_identity.usecases.sign_in import Proof
from bp_identity.usecases.work import Desk
from bp_kit.names import country_of

_OK, _BAD = 200, 400
PAGE_PATH = "/oauth2/device"


class DeviceDesk:
    """The device authorization endpoint and its page.

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

    async def begin(self, asked: Asked) -> Answer:
        """Gives a program its two codes."""
        request = OAuthRequest(asked, self._issuer, asked.form)
        async with self._desk.transactions() as work:
            server = OAuthServer(Facts(clients=await clients_named(work, asked, request)), page=self._page_address)
            decision = server.create_endpoint_response("device_authorization", request)
            if server.device is not None:
                await begin_device(work, **server.device)
        return told(decision)

    async def page(self, asked: Asked) -> Answer:
        """Asks for the code, then for the person, then says that the program may go on."""
        typed = asked.parameters.get("user_code", [""])[0]
        async with self._desk.transactions() as work:
            grant = await find_device(work, typed)
            client = await work.clients.find(grant.client) if grant else None
        if client is None or not client.active:
            status = _BAD if typed else _OK
            return self._pages.device(visit_of(asked), unknown=bool(typed), status=status)
        occasion = self._occasion(asked, client, typed)
        outcome = await self._form.answer(occasion)
        return outcome if isinstance(outcome, Answer) else await self._decide(asked, typed, outcome)

    async def _decide(self, asked: Asked, typed: str, proof: Proof | None) -> Answer:
        async with self._desk.transactions() as work:
            decided = await decide_device(work, typed, proof)
        visit = visit_of(asked)
        if not decided:
            return self._pages.device(visit, unknown=True, status=_BAD)
        if proof is None:
            return self._pages.done(visit, "device_denied")
        answer = self._pages.done(visit, "device_done")
        return replace(answer, headers=(*answer.headers, self._form.remembered(asked, proof.officer.name)))

    def _occasion(self, asked: Asked, client: Client, typed: str) -> Occasion:
        visit = visit_of(asked)
        code = shown_user_code(plain_user_code(typed))
        warning = self._pages.text(visit, "device_check").replace("{code}", code)
        return Occasion(asked, visit, country_of(client.name), client.draft.display_name, warning=warning)

    @property
    def _page_address(self) -> str:
        return f"{self._issuer}{PAGE_PATH}"
