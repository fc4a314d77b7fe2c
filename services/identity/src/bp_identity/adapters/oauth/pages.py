"""The pages: HTML in four languages, with headers that let nobody frame or alter them; the only script asks for a passkey."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from urllib.parse import urlencode, urlsplit

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bp_identity.adapters.oauth.web import Answer, Asked, Headers
from bp_kit.language import LANGUAGES, RIGHT_TO_LEFT, negotiate

_FOLDER = "pages"
_OK = 200


@dataclass(frozen=True)
class Form:
    """What the sign-in form shows besides its fields.

    Attributes:
        username: Typed before.
        alarm: What went wrong, in the page's language; empty at first.
        changing: A new password is asked for, too.
    """

    username: str = ""
    alarm: str = ""
    changing: bool = False


@dataclass(frozen=True)
class Prompt:
    """What a page asks the browser's authenticator for.

    Attributes:
        options: For the browser, JSON.
        challenge: What shall be signed, as the form brings it back.
    """

    options: str
    challenge: str


@dataclass(frozen=True)
class Item:
    """A passkey or a session on the account page.

    Attributes:
        name: Its resource name.
        title: What people know it by; empty where it has no name.
        since: When it was registered or begun, in words.
        last: When it was last used, in words; empty if never.
    """

    name: str
    title: str
    since: str
    last: str = ""


@dataclass(frozen=True)
class Account:
    """What the account page shows.

    Attributes:
        officer: What people call the person.
        passkeys: Registered.
        sessions: Lasting.
        ticket: Shows, when a form comes back, who signed in.
        prompt: To register a passkey; None where browsers offer none.
        alarm: What went wrong; empty at first.
    """

    officer: str
    passkeys: list[Item]
    sessions: list[Item]
    ticket: str
    prompt: Prompt | None
    alarm: str = ""


@dataclass(frozen=True)
class Recovering:
    """What the recovery page shows.

    Attributes:
        code: To tell a colleague; empty while nothing was asked for.
        ticket: Stays with the browser.
        waiting: The person has gone on before anybody confirmed.
        alarm: What went wrong; empty at first.
    """

    code: str = ""
    ticket: str = ""
    waiting: bool = False
    alarm: str = ""


@dataclass(frozen=True)
class Visit:
    """Who looks at a page, and where.

    Attributes:
        path: The page's path.
        parameters: Its query.
        language: One of `LANGUAGES`.
    """

    path: str
    parameters: Mapping[str, list[str]]
    language: str

    @property
    def address(self) -> str:
        """The page's own address."""
        return self._at(self.parameters)

    def in_language(self, language: str) -> str:
        """Returns the address of the same page in another language."""
        return self._at({**self.parameters, "ui_locales": [language]})

    def _at(self, parameters: Mapping[str, list[str]]) -> str:
        return f"{self.path}?{urlencode(parameters, doseq=True)}"


def visit_of(asked: Asked) -> Visit:
    """Returns who looks at the page that was asked for, and where."""
    return Visit(asked.path, asked.parameters, language_of(asked.parameters, asked.headers.get("accept-language", "")))


def language_of(parameters: Mapping[str, list[str]], accept_language: str) -> str:
    """Returns the language to show: `ui_locales` (OpenID Connect Core 3.1.2.1), else the browser's."""
    for tag in parameters.get("ui_locales", [""])[0].split():
        if tag.lower().split("-")[0] in LANGUAGES:
            return tag.lower().split("-")[0]
    return negotiate(accept_language)


class Pages:
    """Renders the pages.

    Args:
        places: The name of the country that people sign in to, by language.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._templates = Environment(
            loader=PackageLoader("bp_identity", _FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def sign_in(
        self,
        visit: Visit,
        form: Form,
        *,
        towards: str,
        warning: str,
        prompt: Prompt | None,
        upstream: str,
        proof: str,
        leads_to: str,
        status: int,
        headers: Headers,
    ) -> Answer:
        """Returns the page with the sign-in form.

        Args:
            visit: Who looks, and where.
            form: What it shows.
            towards: What the person signs in to.
            warning: What the person should look at first; empty for nothing.
            prompt: To sign in with a passkey; None where browsers offer none.
            upstream: Leads to the country's own provider; empty for none.
            proof: Shows, when the form comes back, that it is this page's.
            leads_to: Where the form's answer will lead; empty: it stays here.
            status: HTTP status.
            headers: Further headers.
        """
        target = urlsplit(leads_to)
        policy = f"form-action 'self' {target.scheme}://{target.netloc}" if leads_to else "form-action 'self'"
        return self._page(
            "form.html",
            visit,
            status,
            policy,
            headers,
            form=form,
            towards=towards,
            warning=warning,
            prompt=prompt,
            upstream=upstream,
            proof=proof,
        )

    def account(self, visit: Visit, account: Account, *, proof: str, status: int, headers: Headers) -> Answer:
        """Returns the page with an officer's passkeys and sessions."""
        values = {"account": account, "prompt": account.prompt, "proof": proof}
        return self._page("account.html", visit, status, "form-action 'self'", headers, **values)

    def recover(self, visit: Visit, recovering: Recovering, *, proof: str, status: int, headers: Headers) -> Answer:
        """Returns the page for those who have lost a factor."""
        values = {"recovering": recovering, "proof": proof}
        return self._page("recover.html", visit, status, "form-action 'self'", headers, **values)

    def device(self, visit: Visit, *, unknown: bool, status: int) -> Answer:
        """Returns the page that asks for the code which a terminal shows."""
        return self._page("device.html", visit, status, "form-action 'self'", (), unknown=unknown)

    def done(self, visit: Visit, what: str) -> Answer:
        """Returns the page after an act: `device_done`, `device_denied`, `recovered` or `signed_out`."""
        return self._page("done.html", visit, _OK, "form-action 'none'", (), what=what)

    @staticmethod
    def text(visit: Visit, key: str) -> str:
        """Returns a text in the visitor's language."""
        return texts(visit.language)[key]

    def refusal(self, visit: Visit, error: str, description: str, *, status: int) -> Answer:
        """Returns the page for links that cannot be answered by a redirect."""
        return self._page("refusal.html", visit, status, "form-action 'none'", (), error=error, description=description)

    def _page(self, name: str, visit: Visit, status: int, policy: str, headers: Headers, **values: object) -> Answer:
        style, digest = _inline("style.css")
        script, allowed = Markup(), ""
        if values.get("prompt"):
            script, its = _inline("passkey.js")
            allowed = f"script-src 'sha256-{its}'; "
        html = self._templates.get_template(name).render(
            text=texts(visit.language),
            language=visit.language,
            right_to_left=visit.language in RIGHT_TO_LEFT,
            languages=[(tag, texts(tag)["language_name"], visit.in_language(tag)) for tag in LANGUAGES],
            action=visit.address,
            place=self._places[visit.language],
            style=style,
            script=script,
            **values,
        )
        policy = f"style-src 'sha256-{digest}'; {allowed}{policy}"
        return Answer(status, (*_headers(visit.language, policy), *headers), html.encode())


def _headers(language: str, policy: str) -> Headers:
    return (
        ("content-type", "text/html; charset=utf-8"),
        ("content-language", language),
        ("vary", "accept-language"),
        ("cache-control", "no-store"),
        ("content-security-policy", f"default-src 'none'; {policy}; base-uri 'none'; frame-ancestors 'none'"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    )


@lru_cache(maxsize=len(LANGUAGES))
def texts(language: str) -> Mapping[str, str]:
    """Returns the pages' texts in a language, by key."""
    return {key: by_language[language] for key, by_language in _read_texts().items()}


@lru_cache(maxsize=1)
def _read_texts() -> dict[str, dict[str, str]]:
    read: dict[str, dict[str, str]] = yaml.safe_load(_file("texts.yaml"))
    return read


@lru_cache(maxsize=2)
def _inline(name: str) -> tuple[Markup, str]:
    """Returns the style sheet or script and its digest, by which the policy admits it."""
    text = _file(name)
    return Markup(text), base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()  # noqa: S704 - our own file


def _file(name: str) -> str:
    return files("bp_identity").joinpath(_FOLDER, name).read_text(encoding="utf-8")
