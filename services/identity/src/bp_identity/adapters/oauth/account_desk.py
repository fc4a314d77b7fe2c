"""The account page: an officer signs in to it, and sees and changes the own passkeys and sessions.

Who has signed in stands in the page's forms, not in a cookie: no other page can make the browser act in the officer's name.
"""

from __future__ import annotations

from datetime import datetime

from babel.dates import format_datetime

from bp_identity.adapters.authenticators import WebAuthn
from bp_identity.adapters.oauth.cookies import Cookies
from bp_identity.adapters.oauth.pages import Account, Form, Item, Pages, Prompt, texts, visit_of
from bp_identity.adapters.oauth.sign_in_form import Occasion, SignInForm
from bp_identity.adapters.oauth.tickets import Ticket, Tickets, encoded
from bp_identity.adapters.oauth.web import Answer, Asked, Headers
from bp_identity.domain.names import officer_of, session_name
from bp_identity.domain.officer import Officer
from bp_identity.usecases.passkeys import delete_passkey, register_passkey
from bp_identity.usecases.sessions import end_named_session
from bp_identity.usecases.work import Desk, Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listing
from bp_kit.names import country_of
from bp_kit.reasons import reason_text

_OK, _BAD = 200, 400
_MOST_SESSIONS = 100


class AccountDesk:
    """The account page.

    Args:
        desk: What signing in needs.
        pages: What people see.
        form: The sign-in form.
        cookies: What browsers keep.
        tickets: Say who has signed in.
        authenticators: Passkeys of this node.
    """

    def __init__(
        self,
        desk: Desk,
        pages: Pages,
        form: SignInForm,
        *,
        cookies: Cookies,
        tickets: Tickets,
        authenticators: WebAuthn,
    ) -> None:
        self._desk = desk
        self._pages = pages
        self._form = form
        self._cookies = cookies
        self._tickets = tickets
        self._authenticators = authenticators

    async def answer(self, asked: Asked) -> Answer:
        """Asks who it is, then shows the page; does what its forms ask for."""
        visit = visit_of(asked)
        occasion = Occasion(asked, visit, "", self._pages.text(visit, "account_title"))
        if asked.typed("ticket"):
            return await self._act(asked, occasion)
        outcome = await self._form.answer(occasion)
        if isinstance(outcome, Answer):
            return outcome
        if outcome is None:
            return self._form.show(occasion)
        return await self._show(asked, outcome.officer.name, "", self._form.remembered(asked, outcome.officer.name))

    async def _act(self, asked: Asked, occasion: Occasion) -> Answer:
        ticket = self._tickets.read(asked.typed("ticket"), self._cookies.held_key(asked))
        ours = self._cookies.is_ours(asked, occasion.visit.address)
        if ticket is None or not ours or await self._officer(ticket) is None:
            return self._form.show(occasion, Form(alarm=texts(occasion.visit.language)["stale"]), _BAD)
        try:
            async with self._desk.transactions() as work:
                await self._do(work, asked, ticket.officer)
        except Refused as refused:
            alarm = reason_text(refused.reason, occasion.visit.language, refused.metadata)
            return await self._show(asked, ticket.officer, alarm)
        return await self._show(asked, ticket.officer, "")

    async def _do(self, work: Work, asked: Asked, officer: str) -> None:
        principal = Principal(name=officer, country=country_of(officer))
        passkey, session = asked.typed("passkey"), asked.typed("session")
        match asked.typed("act"):
            case "add":
                assertion = self._tickets.assertion(asked, self._cookies.held_key(asked))
                if assertion is None:
                    raise Refused("PASSKEY_REFUSED")
                await register_passkey(work, self._desk, officer, assertion, asked.typed("display_name"))
            case "remove" if _is_own(passkey, officer):
                await delete_passkey(work, principal, passkey)
            case "end" if _is_own(session, officer):
                await end_named_session(work, principal, session)
            case _:
                raise Refused("NOT_FOUND", name=(passkey or session)[:100])

    async def _officer(self, ticket: Ticket) -> Officer | None:
        """Returns the officer of a ticket, unless whoever held it was signed out since."""
        async with self._desk.transactions() as work:
            officer = await work.officers.find(ticket.officer)
            voided = await work.voids.of(ticket.officer)
        void = voided is not None and ticket.made < voided
        return officer if officer is not None and officer.active and not void else None

    async def _show(self, asked: Asked, officer: str, alarm: str, *headers: tuple[str, str]) -> Answer:
        visit = visit_of(asked)
        key, cookie = self._cookies.form_key(asked)
        own: Headers = (*headers, cookie) if cookie else headers
        async with self._desk.transactions() as work:
            account = await self._account(work, officer, key, visit.language, alarm)
        proof = self._cookies.proof(key, visit.address)
        return self._pages.account(visit, account, proof=proof, status=_BAD if alarm else _OK, headers=own)

    async def _account(self, work: Work, name: str, form_key: str, language: str, alarm: str) -> Account:
        officer = await work.officers.find(name)
        if officer is None:
            raise Refused("NOT_FOUND", name=name)
        passkeys = await work.passkeys.of_officer(name)
        prompt = None
        if self._authenticators.available:
            challenge = self._tickets.challenge(form_key)
            options = self._authenticators.registration_options(challenge, officer, passkeys)
            prompt = Prompt(options, encoded(challenge))
        return Account(
            officer=officer.display_name,
            passkeys=[
                Item(one.name, one.display_name, _said(one.create_time, language), _said(one.last_use_time, language))
                for one in passkeys
            ],
            sessions=await _sessions(work, name, language),
            ticket=self._tickets.issue(name, form_key),
            prompt=prompt,
            alarm=alarm,
        )


async def _sessions(work: Work, officer: str, language: str) -> list[Item]:
    listing = Listing(parent=officer, size=_MOST_SESSIONS, token="", filter="", caller=officer)
    found = (await work.sessions.page(listing, work.clock())).items
    clients = {name: await work.clients.find(name) for name in sorted({one.client for one in found if one.client})}
    items = []
    for one in found:
        client = clients.get(one.client)
        title = client.draft.display_name if client else ""
        items.append(Item(session_name(officer, one.session_id), title, _said(one.auth_time, language)))
    return items


def _is_own(name: str, officer: str) -> bool:
    return "\0" not in name and officer_of(name) == officer


def _said(moment: datetime | None, language: str) -> str:
    return f"{format_datetime(moment, 'medium', locale=language)} UTC" if moment else ""
