"""What STIX 2.1 says that objects of its types must be like, by `stix2`."""

from __future__ import annotations

import re

from stix2 import parsing
from stix2.exceptions import (
    AtLeastOnePropertyError,
    DictionaryKeyError,
    ExtraPropertiesError,
    InvalidValueError,
    MissingPropertiesError,
    STIXError,
)

from bp_cooperation.domain.bundle import VERSION, Properties
from bp_kit.errors import Refused

_DESCRIPTION_LENGTH = 200
_BREAKS = re.compile(r"\s+")


def check_object(properties: Properties, path: str) -> None:
    """Refuses an object that breaks the rules of its type.

    Raises:
        Refused: BUNDLE_OBJECT_INVALID.
    """
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
