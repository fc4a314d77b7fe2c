"""JSON values to scalars. Each reader takes one JSON value and returns what the field is set to."""

from __future__ import annotations

import math
import re
import struct
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from bp_gateway.transcode.faults import Fault
from bp_gateway.transcode.wellknown import text

Read = Callable[[Any], Any]

_INTEGER = re.compile(r"-?\d{1,20}", re.ASCII)
_FLOAT_MAX = 3.4028235e38
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NUMBER = re.compile(r"-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?", re.ASCII)
_URL_SAFE = str.maketrans("-_", "+/")
_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}


def reader_of(field: FieldDescriptor) -> Read:
    """Returns the reader of a scalar or enum field's single value; each raises `Fault`."""
    if field.enum_type:
        return _enum(field.enum_type)
    if field.cpp_type in _RANGES:
        return _integer(*_RANGES[field.cpp_type])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _bytes
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return _bool
    if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT:
        return _float
    return _double if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE else text


def written_reader_of(field: FieldDescriptor) -> Read:
    """Returns the reader of a single value that is always text: a map's key, a query parameter, a piece of a path."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return _written_bool
    return _written_enum(field.enum_type) if field.enum_type else reader_of(field)


def _integer(least: int, most: int) -> Read:
    def read(value: Any) -> int:
        if type(value) is int:
            number = value
        elif (type(value) is str and _INTEGER.fullmatch(value)) or (type(value) is float and value.is_integer()):
            number = int(value)
        else:
            raise Fault("json.integer")
        if not least <= number <= most:
            raise Fault("json.range", limit=f"{least} … {most}")
        return number

    return read


def _double(value: Any) -> float:
    if type(value) is float or type(value) is int:
        return float(value)
    if type(value) is str:
        if value in _SPECIAL:
            return _SPECIAL[value]
        if _NUMBER.fullmatch(value) and math.isfinite(number := float(value)):
            return number
    raise Fault("json.number")


def _float(value: Any) -> float:
    number = _double(value)
    try:
        # As the message will round it: the greatest one, written in decimal, may lie a little above itself.
        struct.pack("<f", number)
    except OverflowError:
        raise Fault("json.range", limit=f"-{_FLOAT_MAX} … {_FLOAT_MAX}") from None
    return number


def _bool(value: Any) -> bool:
    if value is True or value is False:
        return value
    raise Fault("json.boolean")


def _written_bool(value: Any) -> bool:
    if value in ("true", "false"):
        return bool(value == "true")
    raise Fault("json.boolean")


def _bytes(value: Any) -> bytes:
    if type(value) is not str:
        raise Fault("json.base64")
    try:
        return b64decode(value.rstrip("=").translate(_URL_SAFE) + "=" * (-len(value.rstrip("=")) % 4), validate=True)
    except (Base64Error, ValueError):
        raise Fault("json.base64") from None


def _enum(descriptor: EnumDescriptor) -> Read:
    numbers = {value.name: value.number for value in descriptor.values}
    known = frozenset(numbers.values())

    def read(value: Any) -> int:
        if type(value) is str:
            number = numbers.get(value)
            if number is not None:
                return number
        elif type(value) is int and value in known:
            return value
        raise Fault("json.enum", limit=", ".join(numbers))

    return read


def _written_enum(descriptor: EnumDescriptor) -> Read:
    read = _enum(descriptor)
    return lambda value: read(int(value) if _INTEGER.fullmatch(value) else value)
