"""Messages to JSON values: one closure a message type, built once."""

from __future__ import annotations

import math
import struct
from base64 import b64encode
from collections.abc import Callable
from typing import Any, cast

import orjson
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from bp_gateway.transcode import wellknown

Encode = Callable[[Any], Any]

_LONG = {
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT64,
}
_OWN_FORM: dict[str, Encode] = {
    "google.protobuf.Timestamp": wellknown.encode_timestamp,
    "google.protobuf.Duration": wellknown.encode_duration,
    "google.protobuf.FieldMask": wellknown.encode_mask,
    "google.protobuf.Struct": wellknown.encode_struct,
    "google.protobuf.Value": wellknown.encode_value,
    "google.protobuf.ListValue": wellknown.encode_list,
}
_compiled: dict[Descriptor, Encode] = {}


def encode_json(message: Message) -> bytes:
    """Returns a message as JSON text in UTF-8."""
    return to_json(encoder_of(cast("Descriptor", message.DESCRIPTOR))(message))


def to_json(value: Any) -> bytes:
    """Returns a converted value as JSON text in UTF-8."""
    return orjson.dumps(value)


def encoder_of(descriptor: Descriptor) -> Encode:
    """Returns the compiled converter of a message type: message in, JSON value (mostly a dict) out.

    Raises:
        ValueError: The type holds a `google.protobuf.Any`, or is proto2.
    """
    if descriptor in _compiled:
        return _compiled[descriptor]
    if descriptor.full_name in _OWN_FORM:
        return _OWN_FORM[descriptor.full_name]
    if descriptor.full_name == "google.protobuf.Any":
        raise ValueError("google.protobuf.Any has no place in this API")
    if descriptor.file.name == "google/protobuf/wrappers.proto":
        return _wrapper(descriptor.fields_by_name["value"])
    return _message(descriptor)


def _message(descriptor: Descriptor) -> Encode:
    # Keyed by descriptor: ListFields gives the very same objects, kept alive by this table.
    table: dict[FieldDescriptor, tuple[str, Encode | None]] = {}

    def encode(message: Any) -> dict[str, Any]:
        out = {}
        for field, value in message.ListFields():
            name, convert = table[field]
            out[name] = value if convert is None else convert(value)
        return out

    _compiled[descriptor] = encode  # before its fields: a type may hold itself
    for field in descriptor.fields:
        table[field] = (field.json_name, _field(field))
    return encode


def _field(field: FieldDescriptor) -> Encode | None:
    if field.message_type and field.message_type.GetOptions().map_entry:
        return _map(field.message_type)
    single = _single(field)
    if not field.is_repeated:
        return single
    if single is None:
        return list
    return lambda values: [single(value) for value in values]


def _single(field: FieldDescriptor) -> Encode | None:
    """Returns the converter of one value; None where JSON takes it as it is."""
    if field.message_type:
        return encoder_of(field.message_type)
    if field.enum_type:
        return _enum(field.enum_type)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return lambda value: b64encode(value).decode()
    if field.cpp_type in _LONG:
        return str
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return _double
    return _float if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT else None


def _map(entry: Descriptor) -> Encode:
    key_field, value_field = entry.fields_by_name["key"], entry.fields_by_name["value"]
    name = _bool_key if key_field.type == FieldDescriptor.TYPE_BOOL else str
    convert = _single(value_field)
    if convert is None:
        return lambda values: {name(key): value for key, value in values.items()}
    return lambda values: {name(key): convert(value) for key, value in values.items()}


def _bool_key(value: bool) -> str:  # noqa: FBT001 - one of several key converters
    return "true" if value else "false"


def _enum(descriptor: EnumDescriptor) -> Encode:
    if descriptor.full_name == "google.protobuf.NullValue":
        return lambda _value: None
    names = {value.number: value.name for value in descriptor.values}
    # A newer service may know values that this gateway does not: they travel as numbers.
    return lambda value: names.get(value, value)


def _wrapper(field: FieldDescriptor) -> Encode:
    convert = _single(field)
    if convert is None:
        return lambda message: message.value
    return lambda message: convert(message.value)


def _double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _float(value: float) -> float | str:
    """Returns the shortest decimal that reads back as the same 32-bit number."""
    if not math.isfinite(value):
        return _double(value)
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if _same_float(short, value):
            return short
    return float(f"{value:.9g}")


def _same_float(short: float, value: float) -> bool:
    try:
        return bool(struct.unpack("<f", struct.pack("<f", short))[0] == value)
    except OverflowError:
        return False
