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


def why_unanswered(error: Exception) -> str:
    """Returns why a database could not be reached or opened, in its driver's first line: names of users and hosts, no content."""
    cause = getattr(error, "orig", None) or error
    cause = cause.__cause__ or cause
    lines = str(cause).splitlines()
    return f"{type(cause).__name__}: {lines[0]}" if lines else type(cause).__name__
