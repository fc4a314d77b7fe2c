"""How a process of one service says that it cannot start: one line for a person, never a stack trace."""

from __future__ import annotations

from pydantic import ValidationError


class CannotStartError(Exception):
    """Something that was set up is missing or wrong.

    Attributes:
        text: One line: what, and where it is set.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def first_fault(error: ValidationError, prefix: str) -> CannotStartError:
    """Returns what is wrong with the settings, by the first variable; never its value, which may be a secret."""
    first = error.errors(include_input=False, include_context=False)[0]
    name = "__".join(str(part) for part in first["loc"]).upper()
    return CannotStartError(f"{prefix}{name} is wrong: {first['msg']}")
