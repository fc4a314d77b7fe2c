"""Finds keys that a JSON object has twice. orjson keeps the last one, others the first: what two programs read differently is refused."""

from __future__ import annotations

import json
from typing import Any

from bp_gateway.transcode.faults import Fault
from bp_gateway.transcode.wellknown import MAX_DEPTH

_Pairs = list[tuple[str, Any]]


class _TwinError(Exception):
    """Some object has a key twice."""


class _Twin:
    """Stands where an object was that has a key twice."""

    def __init__(self, key: str) -> None:
        self.key = key


def refuse_twins(body: bytes) -> None:
    """Refuses JSON text in which an object has a key twice.

    Args:
        body: Valid JSON.

    Raises:
        Fault: With the pointer to the second of the two, or to nothing where the text is nested too deep to look.
    """
    text = body.decode()
    try:
        _FINDER.decode(text)
    except _TwinError:
        raise _fault_in(_MARKER.decode(text)) from None
    except RecursionError:
        raise Fault("json.depth", limit=MAX_DEPTH) from None


def _raise_on_twin(pairs: _Pairs) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _TwinError


def _mark_twin(pairs: _Pairs) -> Any:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            return _Twin(key)
        seen[key] = value
    return seen


# Numbers are only skipped here: they may be longer than Python reads.
_FINDER = json.JSONDecoder(object_pairs_hook=_raise_on_twin, parse_int=len, parse_float=len)
_MARKER = json.JSONDecoder(object_pairs_hook=_mark_twin, parse_int=len, parse_float=len)


def _fault_in(value: Any) -> Fault:
    fault = _search(value)
    assert fault is not None, "a twin was found before"
    return fault


def _search(value: Any) -> Fault | None:
    if isinstance(value, _Twin):
        return Fault("json.twice").under(value.key)
    for step, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found = _search(item)
        if found:
            return found.under(step)
    return None
