"""Where a field stands in an HTTP request: a JSON Pointer into the body, or a parameter's name."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STEP = re.compile(r'([^.\[\]"]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]')
_CAMEL = re.compile(r"_([a-z0-9])")


@dataclass(frozen=True)
class Shape:
    """How a binding spreads its request over HTTP.

    Attributes:
        body: The request field that the JSON body is, `*` for all, or empty.
        path_fields: Dotted paths of the fields that the path gives.
    """

    body: str = ""
    path_fields: frozenset[str] = frozenset()

    def place_of(self, field_path: str) -> dict[str, str]:
        """Returns `{"pointer": …}` or `{"parameter": …}`.

        Args:
            field_path: A pointer already, a header, or a proto path from the request: `request.recipients[1].display_name`.
        """
        if field_path.startswith("/"):
            return {"pointer": "" if field_path == "/" else field_path}
        if "-" in field_path.partition("[")[0] or field_path in self.path_fields:
            return {"parameter": field_path}
        named = [camel(text) or quoted or index for text, quoted, index in _STEP.findall(field_path)]
        if self.body == "*":
            return {"pointer": _pointer(named)}
        if self.body and named[:1] == [camel(self.body)]:
            return {"pointer": _pointer(named[1:])}
        return {"parameter": ".".join(named)}


def camel(name: str) -> str:
    """Returns a field's JSON name."""
    return _CAMEL.sub(lambda found: found[1].upper(), name)


def _pointer(steps: list[str]) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
