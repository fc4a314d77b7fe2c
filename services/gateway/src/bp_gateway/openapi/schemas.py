"""Message types as JSON Schema components.

Requests are described with their rules, responses without: a client must keep the rules, and must not fail on an answer from a service
whose rules have moved on. A type that is used both ways and has rules is therefore there twice, once with the suffix `Input`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from bp_gateway.openapi.rules import Schema, allowed_numbers, is_output_only, is_required, keywords_of, rules_of

_D = FieldDescriptor
_OWN_FORM: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string", "description": "Comma-separated field paths in lowerCamelCase."},
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    "google.protobuf.Value": {"description": "Any JSON."},
    "google.protobuf.ListValue": {"type": "array", "items": {}},
    "google.protobuf.Empty": {"type": "object", "additionalProperties": False},
}
_SPECIAL_NUMBERS = ["NaN", "Infinity", "-Infinity"]


def component_name(full_name: str) -> str:
    """Returns a type's name among the components: `bluepacific.cooperation.v1.Request` is `cooperation.Request`."""
    parts = full_name.split(".")
    kept = parts[1:] if parts[0] == "bluepacific" else parts
    return ".".join(part for position, part in enumerate(kept) if not (position == 1 and part == "v1"))


class Schemas:
    """Gathers components while operations ask for them.

    Args:
        comments: Documentation by full name.
        responses: Message types that responses are of; what they hold counts too.
    """

    def __init__(self, comments: dict[str, str], responses: Iterable[Descriptor]) -> None:
        self.components: dict[str, Schema] = {}
        self._comments = comments
        self._answered: set[str] = set()
        for response in responses:
            _reach(response, self._answered)

    def message(self, descriptor: Descriptor, *, request: bool, without: frozenset[str] = frozenset()) -> Schema:
        """Returns the schema of a message type, as a reference where it can be one.

        Args:
            descriptor: The type.
            request: With rules.
            without: Dotted paths of fields that the path gives, so that the body need not.
        """
        if descriptor.full_name in _OWN_FORM:
            return dict(_OWN_FORM[descriptor.full_name])
        if descriptor.file.name == "google/protobuf/wrappers.proto":
            inner = self._single(descriptor.fields_by_name["value"], request=request)
            return {"anyOf": [inner, {"type": "null"}]}
        if without:
            return self._object(descriptor, request=request, without=without)
        name = component_name(descriptor.full_name)
        if request and descriptor.full_name in self._answered and _has_rules(descriptor, set()):
            name += "Input"
        if name not in self.components:
            self.components[name] = {}  # before its fields: a type may hold itself
            self.components[name] = self._object(descriptor, request=request, without=frozenset())
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, descriptor: Descriptor, *, request: bool, without: frozenset[str]) -> Schema:
        schema: Schema = {"type": "object"}
        comment = self._comments.get(descriptor.full_name)
        if comment:
            schema["description"] = comment
        fields = [field for field in descriptor.fields if field.name not in without]
        schema["properties"] = {field.json_name: self._property(field, request, without) for field in fields}
        required = [field.json_name for field in fields if request and is_required(field) and not is_output_only(field)]
        if required:
            schema["required"] = required
        return schema | {"additionalProperties": False}

    def _property(self, field: FieldDescriptor, request: bool, without: frozenset[str]) -> Schema:  # noqa: FBT001
        inner = frozenset(path.split(".", 1)[1] for path in without if path.startswith(f"{field.name}."))
        if inner and field.message_type:
            return self.message(field.message_type, request=request, without=inner)
        schema = self.field(field, request=request)
        comment = self._comments.get(field.full_name, "")
        oneof = field.containing_oneof
        if oneof and len(oneof.fields) > 1:
            names = ", ".join(one.json_name for one in oneof.fields)
            comment = f"{comment}\n\nAt most one of {names}.".strip()
        if comment:
            schema["description"] = comment
        if is_output_only(field):
            schema["readOnly"] = True
        return schema

    def field(self, field: FieldDescriptor, *, request: bool) -> Schema:
        """Returns the schema of a field, lists and maps included."""
        rules = rules_of(field)
        if field.message_type and field.message_type.GetOptions().map_entry:
            value = self._single(field.message_type.fields_by_name["value"], request=request)
            schema: Schema = {"type": "object", "additionalProperties": value}
            if request:
                value |= {} if "$ref" in value else keywords_of(rules.map.values)
                schema |= keywords_of(rules)
            return schema
        if field.is_repeated:
            items = self._single(field, request=request)
            if request and "$ref" not in items:
                items |= keywords_of(rules.repeated.items)
                if field.enum_type:
                    items["enum"] = _names(
                        field.enum_type, allowed_numbers(rules.repeated.items, _numbers(field.enum_type))
                    )
            return {"type": "array", "items": items} | (keywords_of(rules) if request else {})
        schema = self._single(field, request=request)
        if request and "$ref" not in schema:
            schema |= keywords_of(rules)
            if field.enum_type:
                schema["enum"] = _names(field.enum_type, allowed_numbers(rules, _numbers(field.enum_type)))
        return schema

    def _single(self, field: FieldDescriptor, *, request: bool) -> Schema:  # noqa: PLR0911 - one line a kind of field
        if field.message_type:
            return self.message(field.message_type, request=request)
        if field.enum_type:
            return self._enum(field.enum_type)
        if field.cpp_type in (_D.CPPTYPE_INT32, _D.CPPTYPE_UINT32):
            return _integer(field)
        if field.cpp_type in (_D.CPPTYPE_INT64, _D.CPPTYPE_UINT64):
            return {
                "type": "string",
                "pattern": "^-?[0-9]{1,19}$" if field.cpp_type == _D.CPPTYPE_INT64 else "^[0-9]{1,20}$",
            }
        if field.cpp_type in (_D.CPPTYPE_FLOAT, _D.CPPTYPE_DOUBLE):
            return {"anyOf": [{"type": "number"}, {"type": "string", "enum": _SPECIAL_NUMBERS}]}
        if field.cpp_type == _D.CPPTYPE_BOOL:
            return {"type": "boolean"}
        return {"type": "string", "contentEncoding": "base64"} if field.type == _D.TYPE_BYTES else {"type": "string"}

    def _enum(self, descriptor: EnumDescriptor) -> Schema:
        if descriptor.full_name == "google.protobuf.NullValue":
            return {"type": "null"}
        lines = [
            f"- `{value.name}`: {self._comments[value_name]}"
            for value in descriptor.values
            if (value_name := f"{descriptor.full_name}.{value.name}") in self._comments
        ]
        schema: Schema = {"type": "string", "enum": _names(descriptor, _numbers(descriptor))}
        about = "\n".join([self._comments.get(descriptor.full_name, ""), *lines]).strip()
        return schema | ({"description": about} if about else {})


def _numbers(descriptor: EnumDescriptor) -> list[int]:
    return [value.number for value in descriptor.values]


def _names(descriptor: EnumDescriptor, numbers: list[int]) -> list[str]:
    return [descriptor.values_by_number[number].name for number in numbers]


def _integer(field: FieldDescriptor) -> Schema:
    if field.cpp_type == _D.CPPTYPE_INT32:
        return {"type": "integer", "format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1}
    return {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}


def _reach(descriptor: Descriptor, seen: set[str]) -> None:
    if descriptor.full_name in seen:
        return
    seen.add(descriptor.full_name)
    for field in descriptor.fields:
        if field.message_type:
            _reach(field.message_type, seen)


def _has_rules(descriptor: Descriptor, seen: set[str]) -> bool:
    if descriptor.full_name in seen:
        return False
    seen.add(descriptor.full_name)
    return any(
        rules_of(field).ByteSize() or (field.message_type and _has_rules(field.message_type, seen))
        for field in descriptor.fields
    )


def merged(*schemas: dict[str, Any]) -> Schema:
    """Returns one schema with the keywords of all; later ones win."""
    whole: Schema = {}
    for schema in schemas:
        whole |= schema
    return whole
