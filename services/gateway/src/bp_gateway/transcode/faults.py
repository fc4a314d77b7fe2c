"""What is wrong with a piece of JSON, and where. Raised deep inside, completed with the path on the way out."""

from __future__ import annotations

from bp_kit.errors import Refused, Violation


class ParameterRefused(Refused):
    """A refusal whose field is a query parameter, a piece of the path or a header."""


class Fault(Exception):  # noqa: N818 - reads as what it is
    """A JSON value that its field does not take.

    The place is gathered while the exception travels up, so that reading costs nothing where nothing is wrong.

    Args:
        rule: Id of a text in the kit's rules: `json.string`.
        reason: Name of an error reason.
        limit: Value for the rule's text.
    """

    def __init__(self, rule: str, *, reason: str = "INVALID_FIELD", limit: object = "") -> None:
        super().__init__(rule)
        self.rule = rule
        self.reason = reason
        self.limit = str(limit)
        self.path: list[str] = []

    def under(self, step: object) -> Fault:
        """Returns itself, one step further from the root."""
        self.path.append(str(step))
        return self

    @property
    def pointer(self) -> str:
        """JSON Pointer (RFC 6901) of the value, from the body's root."""
        return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in reversed(self.path))

    def refusal(self, parameter: str = "") -> Refused:
        """Returns what to raise for the caller.

        Args:
            parameter: Names the place where it is not in a body: a query parameter, a piece of the path or a header.
        """
        place = parameter or self.pointer or "/"
        violation = Violation(place[:300], self.reason, {"rule": self.rule, "limit": self.limit})
        return (ParameterRefused if parameter else Refused)(self.reason, violations=(violation,))
