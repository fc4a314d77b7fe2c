"""Finds the binding of a request's path: a tree of segments, so that the time does not grow with the number of methods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote

from bp_gateway.templates import ONE, REST, Template
from bp_kit.errors import Refused

T = TypeVar("T")


@dataclass
class _Node(Generic[T]):
    children: dict[str, _Node[T]] = field(default_factory=dict)
    # verb after the colon -> HTTP method -> target
    targets: dict[str, dict[str, T]] = field(default_factory=dict)


class RouteTable(Generic[T]):
    """Targets by path template and HTTP method. Literals win over `*`, `*` over `**`."""

    def __init__(self, entries: Iterable[tuple[Template, str, T]]) -> None:
        self._root: _Node[T] = _Node()
        for template, http_method, target in entries:
            node = self._root
            for segment in template.segments:
                node = node.children.setdefault(segment, _Node())
            methods = node.targets.setdefault(template.verb, {})
            if http_method in methods:
                raise ValueError(f"two methods want {http_method} {'/'.join(template.segments)}:{template.verb}")
            methods[http_method] = target

    def find(self, raw_path: bytes, http_method: str) -> tuple[T, list[str]] | None:
        """Returns the target and the path's decoded segments; None where no template fits the path.

        A segment that decodes to something with a slash, a control character or a walk upwards fits nothing: names never have them, and
        what one program reads as a slash the next must not read as text.

        Args:
            raw_path: As sent, percent-encoded, without query.
            http_method: `GET`.

        Raises:
            Refused: METHOD_NOT_ALLOWED with the metadata `allow`.
        """
        split = _split(raw_path)
        if split is None:
            return None
        segments, verb = split
        methods = self._search(self._root, segments, 0, verb)
        if methods is None:
            return None
        target = methods.get(http_method)
        if target is None:
            raise Refused("METHOD_NOT_ALLOWED", method=http_method[:20], allow=", ".join(sorted(methods)))
        return target, segments

    def _search(self, node: _Node[T], segments: list[str], position: int, verb: str) -> dict[str, T] | None:
        if position == len(segments):
            return node.targets.get(verb)
        segment = segments[position]
        for key in (segment, ONE):
            child = node.children.get(key)
            if child and segment:
                found = self._search(child, segments, position + 1, verb)
                if found is not None:
                    return found
        rest = node.children.get(REST)
        return rest.targets.get(verb) if rest else None


def _split(raw_path: bytes) -> tuple[list[str], str] | None:
    try:
        path = raw_path.decode("ascii")
        segments = path[1:].split("/")
        segments[-1], _, verb = segments[-1].partition(":")
        if "%" in path or "/." in path:
            segments = [unquote(segment, errors="strict") for segment in segments]
            if any("/" in one or one in {".", ".."} or not one.isprintable() for one in segments):
                return None
    except UnicodeDecodeError:
        return None
    return segments, verb
