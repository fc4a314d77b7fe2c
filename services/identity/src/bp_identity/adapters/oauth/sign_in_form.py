"""The sign-in form, whatever it stands for: shown, taken, shown again with what went wrong."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

from bp_identity.adapters.authenticators import WebAuthn
from bp_identity.adapters.oauth.cookies import Cookies
from bp_identity.adapters.oauth.pages import Form, Pages, Prompt, Visit, texts
from bp_identity.adapters.oauth.tickets import Tickets, encoded
from bp_identity.adapters.oauth.upstream_desk import UpstreamDesk
from bp_identity.adapters.oauth.web import Answer, Asked
from bp_identity.usecases.sign_in import Attempt, Proof, authenticate, authenticate_with_passkey
from bp_identity.usecases.work import Desk
from bp_kit.errors import Refused
from bp_kit.ports import Ids
from bp_kit.reasons import reason_text

_OK, _BAD, _FORBIDDEN, _TOO_MANY = 200, 400, 403, 429
_STATUS = {
    "SIGN_IN_THROTTLED": _TOO_MANY,
    "SIGN_IN_FAILED": _FORBIDDEN,
    "TOTP_REQUIRED": _FORBIDDEN,
    "PASSKEY_REQUIRED": _FORBIDDEN,
    "UPSTREAM_FAILED": _FORBIDDEN,
    "PASSWORD_CHANGE_REQUIRED": _FORBIDDEN,
}
_LONGEST_NAME, _LONGEST_PASSWORD = 254, 1024


@dataclass(frozen=True)
class Occasion:
    """What a person signs in for.

    Attributes:
        asked: What came.
        visit: Who looks, and where.
        country: Code of the only country whose officers are meant; empty for any served here.
        towards: What the person signs in to, in the page's language.
        leads_to: Where the form's answer will lead the browser; empty: it stays here.
        warning: What the person should look at first; empty for nothing.
    """

    asked: Asked
    visit: Visit
    country: str
    towards: str
    leads_to: str = ""
    warning: str = ""


class SignInForm:
    """Shows the form and takes it.

    Args:
        desk: What signing in needs.
        pages: What people see.
        cookies: What browsers keep.
        tickets: Makes challenges.
        authenticators: Passkeys of this node.
        upstream: The way to the country's own provider.
        new_id: Names browsers.
    """

    def __init__(
        self,
        desk: Desk,
        pages: Pages,
        *,
        cookies: Cookies,
        tickets: Tickets,
        authenticators: WebAuthn,
        upstream: UpstreamDesk,
        new_id: Ids,
    ) -> None:
        self._desk = desk
        self._pages = pages
        self._cookies = cookies
        self._tickets = tickets
        self._authenticators = authenticators
        self._upstream = upstream
        self._new_id = new_id

    async def answer(self, occasion: Occasion) -> Proof | Answer | None:
        """Shows the form, unless somebody comes back from the country's own provider; takes it where it was sent."""
        if occasion.asked.method == "POST":
            return await self.take(occasion)
        try:
            proof = await self._upstream.arrived(occasion.asked, occasion.visit.address, occasion.country)
        except Refused as refused:
            return self._show_again(occasion, Form(), refused)
        return proof or self.show(occasion)

    async def take(self, occasion: Occasion) -> Proof | Answer | None:
        """Returns who signed in; the form once more where that did not work; None where the person does not want to."""
        asked, language = occasion.asked, occasion.visit.language
        form = Form(username=asked.typed("username")[:_LONGEST_NAME], changing=bool(asked.typed("changing")))
        if not self._cookies.is_ours(asked, occasion.visit.address):
            return self.show(occasion, replace(form, alarm=texts(language)["stale"]), _BAD)
        if asked.typed("cancel"):
            return None
        if form.changing and asked.typed("new_password") != asked.typed("repeat_password"):
            return self.show(occasion, replace(form, alarm=texts(language)["not_the_same"]), _BAD)
        try:
            return await self._prove(occasion, form)
        except Refused as refused:
            return self._show_again(occasion, form, refused)

    def remembered(self, asked: Asked, officer: str) -> tuple[str, str]:
        """Returns the header by which the browser of somebody who has signed in is known again."""
        known = self._cookies.device(asked)
        device_id = known.device_id if known and known.officer == officer else self._new_id()
        return self._cookies.remember(officer, device_id)

    def show(
        self, occasion: Occasion, form: Form | None = None, status: int = _OK, *headers: tuple[str, str]
    ) -> Answer:
        """Returns the page with the form."""
        key, cookie = self._cookies.form_key(occasion.asked)
        return self._pages.sign_in(
            occasion.visit,
            form or Form(),
            towards=occasion.towards,
            warning=occasion.warning,
            prompt=self._prompt(key),
            upstream=self._upstream.link(occasion.visit.address, key),
            proof=self._cookies.proof(key, occasion.visit.address),
            leads_to=occasion.leads_to,
            status=status,
            headers=(*headers, cookie) if cookie else headers,
        )

    def _prompt(self, form_key: str) -> Prompt | None:
        if not self._authenticators.available:
            return None
        challenge = self._tickets.challenge(form_key)
        return Prompt(self._authenticators.sign_in_options(challenge), encoded(challenge))

    async def _prove(self, occasion: Occasion, form: Form) -> Proof:
        asked = occasion.asked
        if asked.typed("credential"):
            assertion = self._tickets.assertion(asked, self._cookies.held_key(asked))
            if assertion is None:
                raise Refused("SIGN_IN_FAILED")
            return await authenticate_with_passkey(self._desk, assertion, occasion.country)
        attempt = Attempt(
            username=form.username,
            password=asked.typed("password")[:_LONGEST_PASSWORD],
            totp=_digits(asked.typed("totp")),
            country=occasion.country,
            device=self._cookies.device(asked),
        )
        new_password = asked.typed("new_password")[:_LONGEST_PASSWORD] if form.changing else ""
        return await authenticate(self._desk, attempt, new_password=new_password)

    def _show_again(self, occasion: Occasion, form: Form, refused: Refused) -> Answer:
        alarm = reason_text(refused.reason, occasion.visit.language, refused.metadata)
        changing = form.changing or refused.reason == "PASSWORD_CHANGE_REQUIRED"
        wait = (("retry-after", refused.metadata["seconds"]),) if "seconds" in refused.metadata else ()
        status = _STATUS.get(refused.reason, _BAD)
        return self.show(occasion, replace(form, alarm=alarm, changing=changing), status, *wait)


def _digits(typed: str) -> str:
    """Returns a one-time code in ASCII: Arabic keyboards have digits of their own."""
    return "".join(str(unicodedata.digit(letter, "?")) for letter in "".join(typed.split())[:_LONGEST_NAME])
