"""JSON values to messages: one closure a message type, built once. Strict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from bp_gateway.transcode import wellknown
from bp_gateway.transcode.faults import Fault
from bp_gateway.transcode.scalars import Read, reader_of, written_reader_of
from bp_gateway.transcode.twins import refuse_twins
from bp_kit.errors import Refused

# (JSON value, message to fill, depth of the message)
Decode = Callable[[Any, Any, int], None]
# (message, JSON value, depth of the message)
Assign = Callable[[Any, Any, int], None]

_WRAPPERS = "google/protobuf/wrappers.proto"
_OWN_FORM: dict[str, Decode] = {
    "google.protobuf.Timestamp": wellknown.decode_timestamp,
    "google.protobuf.Duration": wellknown.decode_duration,
    "google.protobuf.FieldMask": wellknown.decode_mask,
    "google.protobuf.Struct": wellknown.decode_struct,
    "google.protobuf.Value": wellknown.decode_value,
    "google.protobuf.ListValue": wellknown.decode_list,
}
_compiled: dict[Descriptor, Decode] = {}


def decode_json(body: bytes, message: Message) -> None:
    """Reads JSON text into an empty message.

    Raises:
        Refused: MALFORMED_JSON, UNKNOWN_FIELD or INVALID_FIELD with the JSON Pointer of the place.
    """
    value = parse_json(body)
    try:
        decoder_of(cast("Descriptor", message.DESCRIPTOR))(value, message, 0)
    except Fault as fault:
        raise fault.refusal() from None


def parse_json(body: bytes) -> Any:
    """Returns the JSON value that the text says.

    Raises:
        Refused: MALFORMED_JSON: no JSON, not UTF-8, a lone surrogate, too deep. INVALID_FIELD: a key stands twice in an object.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused("MALFORMED_JSON", description=str(error)) from None
    try:
        refuse_twins(body)
    except Fault as fault:
        raise fault.refusal() from None
    return value


def decoder_of(descriptor: Descriptor) -> Decode:
    """Returns the compiled converter of a message type: fills a message from a JSON value, raising `Fault`.

    Raises:
        ValueError: The type holds a `google.protobuf.Any`.
    """
    if descriptor in _compiled:
        return _compiled[descriptor]
    if descriptor.full_name in _OWN_FORM:
        return _OWN_FORM[descriptor.full_name]
    if descriptor.full_name == "google.protobuf.Any":
        raise ValueError("google.protobuf.Any has no place in this API")
    if descriptor.file.name == _WRAPPERS:
        return _wrapper(reader_of(descriptor.fields_by_name["value"]))
    return _message(descriptor)


def _message(descriptor: Descriptor) -> Decode:
    fields = _Fields()
    assigns = fields.assigns

    def decode(value: Any, message: Any, depth: int) -> None:
        if type(value) is not dict:
            raise Fault("json.object")
        if depth > wellknown.MAX_DEPTH:
            raise Fault("json.depth", limit=wellknown.MAX_DEPTH)
        key = ""
        try:
            for key, item in value.items():
                assign = assigns.get(key)
                if assign is None:
                    assign = fields.by_other_spelling(key, value)
                assign(message, item, depth)
        except Fault as fault:
            raise fault.under(key) from None

    _compiled[descriptor] = decode  # before its fields: a type may hold itself
    for field in descriptor.fields:
        assigns[field.json_name] = _in_oneof(field, _assign(field))
        fields.spellings[field.name] = field.json_name
    return decode


class _Fields:
    """How a message type's fields are set.

    Attributes:
        assigns: By JSON name.
        spellings: JSON names by the proto's own, which JSON may use too.
    """

    def __init__(self) -> None:
        self.assigns: dict[str, Assign] = {}
        self.spellings: dict[str, str] = {}

    def by_other_spelling(self, key: str, value: dict[str, Any]) -> Assign:
        """Returns how to set the field that the proto spells so; raises `Fault` for no field, or one that is there under both names."""
        name = self.spellings.get(key)
        if name is None:
            raise Fault("json.unknown", reason="UNKNOWN_FIELD")
        if name in value:
            raise Fault("json.twice")
        return self.assigns[name]


def _in_oneof(field: FieldDescriptor, assign: Assign) -> Assign:
    if not field.containing_oneof or len(field.containing_oneof.fields) == 1:
        return assign
    oneof = field.containing_oneof.name

    def assign_alone(message: Any, value: Any, depth: int) -> None:
        other = message.WhichOneof(oneof)
        if other:
            raise Fault("json.oneof", limit=message.DESCRIPTOR.fields_by_name[other].json_name)
        assign(message, value, depth)

    return assign_alone


def _assign(field: FieldDescriptor) -> Assign:
    if field.message_type and field.message_type.GetOptions().map_entry:
        return _map(field.name, field.message_type)
    if field.message_type:
        decode = decoder_of(field.message_type)
        if field.is_repeated:
            return _messages(field.name, decode)
        return _submessage(field.name, decode, null_is_absent=field.message_type.file.name == _WRAPPERS)
    if field.enum_type and field.enum_type.full_name == "google.protobuf.NullValue":
        return _null(field.name)
    read = reader_of(field)
    if field.is_repeated:
        return _scalars(field.name, read)
    return _text(field.name) if field.type == FieldDescriptor.TYPE_STRING else _scalar(field.name, read)


def _text(name: str) -> Assign:
    def assign(message: Any, value: Any, _depth: int) -> None:
        if type(value) is str:
            if "\x00" in value:
                raise Fault("json.nul")
            setattr(message, name, value)
        else:
            raise Fault("json.string")

    return assign


def _scalar(name: str, read: Read) -> Assign:
    def assign(message: Any, value: Any, _depth: int) -> None:
        setattr(message, name, read(value))

    return assign


def _null(name: str) -> Assign:
    def assign(message: Any, value: Any, _depth: int) -> None:
        if value is not None and value != "NULL_VALUE":
            raise Fault("json.enum", limit="null")
        setattr(message, name, 0)

    return assign


def _submessage(name: str, decode: Decode, *, null_is_absent: bool) -> Assign:
    def assign(message: Any, value: Any, depth: int) -> None:
        if value is None and null_is_absent:
            return
        child = getattr(message, name)
        child.SetInParent()
        decode(value, child, depth + 1)

    return assign


def _messages(name: str, decode: Decode) -> Assign:
    def assign(message: Any, value: Any, depth: int) -> None:
        add = getattr(message, name).add
        for index, item in enumerate(_array(value)):
            try:
                decode(item, add(), depth + 1)
            except Fault as fault:
                raise fault.under(index) from None

    return assign


def _scalars(name: str, read: Read) -> Assign:
    def assign(message: Any, value: Any, _depth: int) -> None:
        append = getattr(message, name).append
        for index, item in enumerate(_array(value)):
            try:
                append(read(item))
            except Fault as fault:
                raise fault.under(index) from None

    return assign


def _array(value: Any) -> list[Any]:
    if type(value) is list:
        return value
    raise Fault("json.array")


def _map(name: str, entry: Descriptor) -> Assign:
    read_key = written_reader_of(entry.fields_by_name["key"])
    value_field = entry.fields_by_name["value"]
    decode = decoder_of(value_field.message_type) if value_field.message_type else None
    read = None if decode else reader_of(value_field)

    def assign(message: Any, value: Any, depth: int) -> None:
        if type(value) is not dict:
            raise Fault("json.object")
        entries = getattr(message, name)
        key = ""
        try:
            for key, item in value.items():
                if decode:
                    decode(item, entries[read_key(key)], depth + 2)
                elif read:
                    entries[read_key(key)] = read(item)
        except Fault as fault:
            raise fault.under(key) from None

    return assign


def _wrapper(read: Read) -> Decode:
    def decode(value: Any, message: Any, _depth: int) -> None:
        message.value = read(value)

    return decode
