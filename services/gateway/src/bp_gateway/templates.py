"""`google.api.http` path templates: `/v1/{name=countries/*/requests/*}:close` as segments, variables and a verb."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"\{([a-z0-9_.]+)(?:=([^{}]*))?\}|([^/{}]+)|(/)")
ONE = "*"
REST = "**"


@dataclass(frozen=True)
class Variable:
    """A part of the path that becomes a request field.

    Attributes:
        field: Path of the field: `request.name`.
        start: Its first segment.
        end: One past its last segment; -1 for the path's end.
    """

    field: str
    start: int
    end: int

    def value(self, segments: list[str]) -> str:
        """Returns the variable's text from a path's segments."""
        return "/".join(segments[self.start : len(segments) if self.end < 0 else self.end])


@dataclass(frozen=True)
class Template:
    """A path template, parsed.

    Attributes:
        segments: Literals, `*` for one segment, `**` for the rest.
        verb: What follows the colon; empty for none.
        variables: In order.
    """

    segments: tuple[str, ...]
    verb: str
    variables: tuple[Variable, ...]

    @property
    def country(self) -> int | None:
        """Position of the segment that names a country: the one after `countries`."""
        for position, segment in enumerate(self.segments[:-1]):
            if segment == "countries" and self.segments[position + 1] == ONE:
                return position + 1
        return None


def parse_template(text: str) -> Template:
    """Parses a template.

    Raises:
        ValueError: It is not one, or `**` is not at the end.
    """
    path, _, verb = text.rpartition(":") if ":" in text.rsplit("/", 1)[-1].rsplit("}", 1)[-1] else (text, "", "")
    segments: list[str] = []
    variables: list[Variable] = []
    position = 0
    while position < len(path):
        found = _TOKEN.match(path, position)
        if found is None:
            raise ValueError(f"{text} is not a path template")
        position = found.end()
        if found[1]:
            inner = (found[2] or ONE).split("/")
            end = -1 if inner[-1] == REST else len(segments) + len(inner)
            variables.append(Variable(found[1], len(segments), end))
            segments += inner
        elif found[3]:
            segments.append(found[3])
    if REST in segments[:-1]:
        raise ValueError(f"{text} has ** before its end")
    return Template(tuple(segments), verb, tuple(variables))
