"""STIX 2.1 bundles as JSON text: what must be true of them whatever their objects are. Each type's own rules are `adapters.stix`'s.

The text itself is kept, so nothing of it is ever lost; what is read here is only checked, and taken apart for search.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator
from typing import Any

from bp_kit.errors import Refused

MAX_OBJECTS = 500
MAX_DEPTH = 40
VERSION = "2.1"
Properties = dict[str, Any]

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TYPE = re.compile(r"[a-z0-9][a-z0-9-]{1,248}[a-z0-9]")
_ID = re.compile(rf"(?P<type>{_TYPE.pattern})--{_UUID}")
# I-JSON (RFC 7493), which STIX prescribes: beyond these, programs read different numbers.
_LARGEST = 2**53 - 1
# Markings and authors are often everybody's, and known without being sent along.
_MAY_LEAD_OUT = frozenset({"created_by_ref", "object_marking_refs", "marking_ref"})


def parse_bundle(text: str, field: str) -> list[Properties]:
    """Returns a bundle's objects.

    Args:
        text: JSON.
        field: The request's field that it came in, for errors: `request.bundle`.

    Raises:
        Refused: BUNDLE_NOT_JSON, BUNDLE_NOT_STIX, BUNDLE_SPEC_VERSION, BUNDLE_OBJECT_LIMIT, BUNDLE_DUPLICATE_ID; the error's field is the
            place inside: `request.bundle.objects[3].type`.
    """
    bundle = _parse(text, field)
    _require(isinstance(bundle, dict), field)
    _require(bundle.get("type") == "bundle", f"{field}.type")
    _require(_type_in(bundle.get("id")) == "bundle", f"{field}.id")
    if bundle.get("spec_version", VERSION) != VERSION:
        raise _refused("BUNDLE_SPEC_VERSION", f"{field}.spec_version")
    objects: list[Properties] = bundle.get("objects", [])
    _require(isinstance(objects, list), f"{field}.objects")
    if len(objects) > MAX_OBJECTS:
        raise Refused("BUNDLE_OBJECT_LIMIT", field=f"{field}.objects", count=len(objects), limit=MAX_OBJECTS)
    _check_objects(objects, f"{field}.objects")
    return objects


def check_references(objects: list[Properties], field: str, known: Collection[str]) -> None:
    """Refuses references that lead nowhere.

    Args:
        objects: The bundle's.
        field: The request's field that it came in.
        known: STIX ids of further objects that may be referred to.

    Raises:
        Refused: BUNDLE_DANGLING_REFERENCE.
    """
    ids = {one["id"] for one in objects} | {*known}
    for position, one in enumerate(objects):
        for path, target in _references(one, f"{field}.objects[{position}]"):
            if target not in ids:
                raise _refused("BUNDLE_DANGLING_REFERENCE", path)


def _parse(text: str, field: str) -> Any:
    try:
        parsed = json.loads(
            text, object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant
        )
        # Letters that are no text: half a surrogate pair.
        json.dumps(parsed, ensure_ascii=False).encode()
    except RecursionError:
        raise _not_json(field, "nested too deeply") from None
    except UnicodeEncodeError:
        raise _not_json(field, "a letter is half a surrogate pair") from None
    except json.JSONDecodeError as error:
        raise _not_json(field, f"{error.msg}, line {error.lineno} column {error.colno}") from None
    except ValueError as error:
        raise _not_json(field, str(error)) from None
    if _depth(parsed) > MAX_DEPTH:
        raise _not_json(field, f"more than {MAX_DEPTH} levels deep")
    return parsed


def _pairs(pairs: list[tuple[str, Any]]) -> Properties:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > len(str(-_LARGEST)) or abs(int(digits)) > _LARGEST:
        raise ValueError(f"a whole number beyond {_LARGEST}")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number too large")
    return number


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level and deepest <= MAX_DEPTH:
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        deepest += 1
    return deepest


def _check_objects(objects: list[Any], field: str) -> None:
    seen: set[str] = set()
    for position, one in enumerate(objects):
        path = f"{field}[{position}]"
        _require(isinstance(one, dict), path)
        kind, stix_id = one.get("type"), one.get("id")
        _require(isinstance(kind, str) and bool(_TYPE.fullmatch(kind)) and kind != "bundle", f"{path}.type")
        _require(_type_in(stix_id) == kind, f"{path}.id")
        # Only cyber-observables may leave it out; they are not created.
        if one.get("spec_version", None if "created" in one else VERSION) != VERSION:
            raise _refused("BUNDLE_SPEC_VERSION", f"{path}.spec_version")
        if stix_id in seen:
            raise _refused("BUNDLE_DUPLICATE_ID", f"{path}.id")
        seen.add(stix_id)


def _references(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yields the references within a value, each with its path."""
    if isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _references(inner, f"{path}[{position}]")
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in _MAY_LEAD_OUT:
                continue
            if key.endswith("_ref") and _type_in(inner):
                yield f"{path}.{key}", inner
            elif key.endswith("_refs") and isinstance(inner, list):
                yield from ((f"{path}.{key}[{at}]", one) for at, one in enumerate(inner) if _type_in(one))
            else:
                yield from _references(inner, f"{path}.{key}")


def _type_in(stix_id: Any) -> str:
    """Returns the type in a STIX id; empty where it is none."""
    found = _ID.fullmatch(stix_id) if isinstance(stix_id, str) else None
    return found["type"] if found else ""


def _require(held: bool, path: str) -> None:  # noqa: FBT001 - reads as a sentence: `_require(it is so, where)`
    if not held:
        raise _refused("BUNDLE_NOT_STIX", path)


def _refused(reason: str, path: str) -> Refused:
    # Keys are of any length.
    return Refused(reason, field=path[:300], path=path[:300])


def _not_json(field: str, description: str) -> Refused:
    return Refused("BUNDLE_NOT_JSON", field=field, description=description)
