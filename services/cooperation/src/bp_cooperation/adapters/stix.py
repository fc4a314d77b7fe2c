"""Reads STIX 2.1 bundles: `stix2` knows what each type's objects must be like; custom ones may be as they please."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection

from stix2 import parsing
from stix2.exceptions import (
    AtLeastOnePropertyError,
    DictionaryKeyError,
    ExtraPropertiesError,
    InvalidValueError,
    MissingPropertiesError,
    STIXError,
)

from bp_cooperation.domain.bundle import VERSION, Properties, check_references, parse_bundle
from bp_kit.errors import Refused

_DESCRIPTION_LENGTH = 200
_BREAKS = re.compile(r"\s+")


class StixBundles:
    """Checks bundles and takes them apart, outside of the event loop: a large one takes a second."""

    async def read(self, text: str, *, field: str, known: Collection[str] | None) -> list[Properties]:
        """Returns a bundle's objects; none for an empty text.

        Args:
            text: JSON, or empty.
            field: The request's field that it came in.
            known: STIX ids that references may lead to besides the bundle's own; None: anywhere.

        Raises:
            Refused: One of the BUNDLE_ reasons, naming the place inside.
        """
        if not text:
            return []
        return await asyncio.to_thread(_read, text, field, known)


def _read(text: str, field: str, known: Collection[str] | None) -> list[Properties]:
    objects = parse_bundle(text, field)
    for position, properties in enumerate(objects):
        _check(properties, f"{field}.objects[{position}]")
    if known is not None:
        check_references(objects, field, known)
    return objects


def _check(properties: Properties, path: str) -> None:
    """Refuses an object that breaks the rules of its type."""
    try:
        parsing.parse(properties, allow_custom=True, version=VERSION)  # type: ignore[no-untyped-call]
    except STIXError as error:
        raise _invalid(f"{path}{_property(error)}", str(error)) from None
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError, RecursionError):
        # The library's own stumbles over values of a kind that it does not expect.
        raise _invalid(path, "a value is not of the kind that its property has") from None


def _property(error: STIXError) -> str:
    match error:
        case InvalidValueError():
            return f".{error.prop_name}"
        case MissingPropertiesError() | AtLeastOnePropertyError() | ExtraPropertiesError():
            return f".{min(error.properties)}"
        case DictionaryKeyError():
            return f".{error.key}"
        case _:
            return ""


def _invalid(path: str, description: str) -> Refused:
    told = _BREAKS.sub(" ", description)[:_DESCRIPTION_LENGTH]
    return Refused("BUNDLE_OBJECT_INVALID", field=path[:300], path=path[:300], description=told)
