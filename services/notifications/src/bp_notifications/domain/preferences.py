"""How a person wants to be notified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Preferences:
    """What a person decided; as it is here before they did.

    Attributes:
        officer: Whose they are.
        email_enabled: Send e-mail too.
        language: One of `en`, `fr`, `es`, `ar`; empty: the one in the officer's record.
        version: Counts changes; 0 before the first.
        update_time: When they changed last.
    """

    officer: str
    email_enabled: bool = True
    language: str = ""
    version: int = 0
    update_time: datetime | None = None

    def changed(self, changes: Mapping[str, Any], now: datetime) -> Preferences:
        """Returns the next version with these values; itself when nothing changes."""
        wanted = replace(self, **changes)
        return self if wanted == self else replace(wanted, version=self.version + 1, update_time=now)

    def want_mail(self, *, urgent: bool) -> bool:
        """Tells whether a notification is mailed; an urgent one always is."""
        return urgent or self.email_enabled


def language_of(preferred: str, recorded: str, offered: tuple[str, ...]) -> str:
    """Returns the person's language: the preferred one, else the recorded one; empty where neither is offered."""
    return next((language for language in (preferred, recorded) if language in offered), "")
