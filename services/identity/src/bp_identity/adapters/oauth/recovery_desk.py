"""The recovery page: an officer who has lost a factor asks, tells a colleague the code, and goes on once that is confirmed."""

from __future__ import annotations

import secrets

from bp_identity.adapters.oauth.cookies import Cookies
from bp_identity.adapters.oauth.pages import Pages, Recovering, texts, visit_of
from bp_identity.adapters.oauth.web import Answer, Asked
from bp_identity.domain.device import USER_CODE_LETTERS, shown_user_code
from bp_identity.usecases.recovery import begin_recovery, complete_recovery
from bp_identity.usecases.sign_in import Attempt
from bp_identity.usecases.work import Desk
from bp_kit.errors import Refused
from bp_kit.reasons import reason_text

_OK, _BAD, _TOO_MANY = 200, 400, 429
_CODE_LETTERS, _TICKET_BYTES = 8, 32
_LONGEST_NAME, _LONGEST_PASSWORD, _LONGEST_TICKET = 254, 1024, 100


class RecoveryDesk:
    """The recovery page.

    Args:
        desk: What signing in needs.
        pages: What people see.
        cookies: Show that a form is the page's own.
    """

    def __init__(self, desk: Desk, pages: Pages, cookies: Cookies) -> None:
        self._desk = desk
        self._pages = pages
        self._cookies = cookies

    async def answer(self, asked: Asked) -> Answer:
        """Asks for name and password, shows the code, goes on."""
        visit = visit_of(asked)
        if asked.method != "POST":
            return self._show(asked, Recovering())
        if not self._cookies.is_ours(asked, visit.address):
            return self._show(asked, Recovering(alarm=texts(visit.language)["stale"]), _BAD)
        if asked.typed("ticket"):
            return await self._go_on(asked)
        return await self._begin(asked)

    async def _begin(self, asked: Asked) -> Answer:
        code = shown_user_code("".join(secrets.choice(USER_CODE_LETTERS) for _ in range(_CODE_LETTERS)))
        ticket = secrets.token_urlsafe(_TICKET_BYTES)
        attempt = Attempt(asked.typed("username")[:_LONGEST_NAME], asked.typed("password")[:_LONGEST_PASSWORD])
        try:
            await begin_recovery(self._desk, attempt, code=code, ticket=ticket)
        except Refused as refused:
            alarm = reason_text(refused.reason, visit_of(asked).language, refused.metadata)
            wait = ("retry-after", refused.metadata["seconds"])
            return self._show(asked, Recovering(alarm=alarm), _TOO_MANY, wait)
        return self._show(asked, Recovering(code=code, ticket=ticket))

    async def _go_on(self, asked: Asked) -> Answer:
        ticket = asked.typed("ticket")[:_LONGEST_TICKET]
        async with self._desk.transactions() as work:
            completed = await complete_recovery(work, ticket)
        if completed:
            return self._pages.done(visit_of(asked), "recovered")
        return self._show(asked, Recovering(code=asked.typed("code")[:20], ticket=ticket, waiting=True))

    def _show(self, asked: Asked, recovering: Recovering, status: int = _OK, *headers: tuple[str, str]) -> Answer:
        visit = visit_of(asked)
        key, cookie = self._cookies.form_key(asked)
        proof = self._cookies.proof(key, visit.address)
        own = (*headers, cookie) if cookie else headers
        return self._pages.recover(visit, recovering, proof=proof, status=status, headers=own)
