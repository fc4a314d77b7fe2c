"""What notifications say: one catalogue a language in `templates/`, and the frame of e-mails around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bp_kit.language import LANGUAGES, RIGHT_TO_LEFT

_HTML = "mail.html.jinja"
_TEXT = "mail.txt.jinja"


@dataclass(frozen=True)
class Letter:
    """An e-mail's words.

    Attributes:
        language: In which they are.
        subject: The subject line.
        text: The plain part.
        html: The HTML part.
    """

    language: str
    subject: str
    text: str
    html: str


class Wording:
    """The words of all templates in all languages, read once.

    Args:
        public_url: Where people reach the node; links begin with it.
    """

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url.rstrip("/")
        self._catalogues = {language: read_catalogue(language) for language in LANGUAGES}
        environment = Environment(
            loader=PackageLoader("bp_notifications", "templates"),
            autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )
        self._html = environment.get_template(_HTML)
        self._text = environment.get_template(_TEXT)

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that every template has."""
        return LANGUAGES

    def __contains__(self, template: str) -> bool:
        """Tells whether there is such a template."""
        return template in self._catalogues[LANGUAGES[0]]["kinds"]

    def title(self, template: str, language: str) -> str:
        """Returns the line that says what happened; empty for a template that this release no longer has."""
        return self._kind(template, language)["title"]

    def text(self, template: str, language: str) -> str:
        """Returns the sentences that say what to do; empty for a template that this release no longer has."""
        return self._kind(template, language)["text"]

    def letter(self, template: str, *, subject: str, urgent: bool, language: str) -> Letter:
        """Returns the words of an e-mail.

        Args:
            template: What happened.
            subject: The record's name.
            urgent: Whether it says so.
            language: One of `languages`.
        """
        words = self._catalogues[language]
        kind = self._kind(template, language)
        values = {
            "words": words,
            "kind": kind,
            "subject": subject,
            "urgent": urgent,
            "link": f"{self._public_url}/{subject}",
            "language": language,
            "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
        }
        title = kind["title"]
        return Letter(
            language=language,
            subject=words["urgent_subject"].format(title=title) if urgent else title,
            text=self._text.render(values),
            html=self._html.render(values),
        )

    def _kind(self, template: str, language: str) -> Mapping[str, str]:
        found: Mapping[str, str] = self._catalogues[language]["kinds"].get(template, {"title": "", "text": ""})
        return found


def read_catalogue(language: str) -> dict[str, Any]:
    """Returns the words of a language, as its file has them."""
    file = files("bp_notifications").joinpath("templates", f"{language}.yaml")
    catalogue: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return catalogue
