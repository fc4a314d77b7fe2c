"""The rules that protos state with `buf.validate`, checked before anything else touches a request."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

import protovalidate
import yaml
from google.protobuf.message import Message

from bp_kit.errors import Refused, Violation
from bp_kit.language import pick


def check(request: Message) -> None:
    """Checks a request against its proto's rules.

    Raises:
        Refused: INVALID_FIELD with one violation a field; each names the rule, so that its text can be told in any language.
    """
    _refuse_nul(request)
    found = protovalidate.collect_violations(request)
    if found:
        raise Refused("INVALID_FIELD", violations=tuple(_violation(one) for one in found))


def _refuse_nul(request: Message) -> None:
    """Refuses the one character that PostgreSQL does not keep in texts, wherever it stands."""
    # Most requests have no such byte at all, which the wire format tells at once.
    if b"\0" not in request.SerializeToString():
        return
    for path, text in _texts(request, ""):
        if "\0" in text:
            violation = Violation(path, "INVALID_FIELD", {"rule": "string.nul", "description": "has a NUL character"})
            raise Refused("INVALID_FIELD", violations=(violation,))


def _texts(message: Message, prefix: str) -> Iterator[tuple[str, str]]:
    """Yields each text within a message, with its path."""
    for field, value in message.ListFields():
        path = f"{prefix}{field.name}"
        if field.message_type and field.message_type.GetOptions().map_entry:
            parts: list[tuple[str, Any]] = [
                (f"{path}[{key!r}]", part) for key, one in value.items() for part in (key, one)
            ]
        elif field.is_repeated:
            parts = [(f"{path}[{number}]", one) for number, one in enumerate(value)]
        else:
            parts = [(path, value)]
        for place, part in parts:
            if isinstance(part, str):
                yield place, part
            elif isinstance(part, Message):
                yield from _texts(part, f"{place}.")


def _violation(found: protovalidate.Violation) -> Violation:
    metadata = {"rule": found.proto.rule_id, "description": found.proto.message}
    limit = found.rule_value
    if isinstance(limit, str | int | float):
        metadata["limit"] = str(limit)
    return Violation(_path(found.proto.field), "INVALID_FIELD", metadata)


def _path(path: Any) -> str:
    written = ""
    for element in path.elements if path else ():
        written += f".{element.field_name}" if written else element.field_name
        subscript = element.subscript
        if subscript is not None:
            value = subscript.value
            written += f'["{value}"]' if isinstance(value, str) else f"[{value}]"
    return written


@lru_cache(maxsize=1)
def _rules() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load(files("bp_kit").joinpath("rules.yaml").read_text("utf-8"))
    return loaded


def rule_text(metadata: dict[str, str], language: str) -> str:
    """Returns a violation's description in a language; the rule's own English words where it has no translation."""
    texts = _rules().get(metadata.get("rule", ""))
    if texts is None:
        return metadata.get("description", "")
    return pick(texts, language).replace("{limit}", metadata.get("limit", ""))
