"""`buf.validate` rules as JSON Schema keywords, and which fields they make required."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import FieldDescriptor

from buf.validate import validate_pb2

Schema = dict[str, Any]

# Formats by the rule that asks for them.
_FORMATS = {"email": "email", "uuid": "uuid", "uri": "uri", "hostname": "hostname", "ipv4": "ipv4", "ipv6": "ipv6"}
_LIMITS = {"gte": "minimum", "gt": "exclusiveMinimum", "lte": "maximum", "lt": "exclusiveMaximum"}
_NUMBERS = {"float", "double", "int32", "uint32", "sint32", "fixed32", "sfixed32"}
_LONGS = {"int64", "uint64", "sint64", "fixed64", "sfixed64"}
_UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"


def rules_of(field: FieldDescriptor) -> validate_pb2.FieldRules:
    """Returns a field's rules; none where they are switched off."""
    rules = field.GetOptions().Extensions[validate_pb2.field]
    return validate_pb2.FieldRules() if rules.ignore == validate_pb2.IGNORE_ALWAYS else rules


def is_output_only(field: FieldDescriptor) -> bool:
    """Tells whether only the service sets the field."""
    return field_behavior_pb2.OUTPUT_ONLY in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def is_required(field: FieldDescriptor) -> bool:
    """Tells whether a request without the field is refused: its rules say so, or do not take its type's zero value."""
    rules = rules_of(field)
    if rules.required:
        return True
    if rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE or (field.has_presence and not field.is_repeated):
        return False
    kind = rules.WhichOneof("type")
    return bool(kind and _refuses_zero(kind, getattr(rules, kind)))


def _refuses_zero(kind: str, rules: Any) -> bool:
    if kind in _NUMBERS | _LONGS:
        return _refuses_nought(rules)
    refuses = _REFUSES_ZERO.get(kind)
    return bool(refuses and refuses(rules))


def _refuses_nought(rules: Any) -> bool:
    above = (rules.HasField("gt") and rules.gt >= 0) or (rules.HasField("gte") and rules.gte > 0)
    return bool(above or _lacks(rules, 0))


def _lacks(rules: Any, zero: object) -> bool:
    allowed = getattr(rules, "in")
    return len(allowed) > 0 and zero not in allowed


def _refuses_empty_text(rules: validate_pb2.StringRules) -> bool:
    if rules.min_len or rules.len or rules.min_bytes or rules.prefix or rules.suffix or rules.contains:
        return True
    if rules.WhichOneof("well_known"):
        return True
    if rules.HasField("pattern"):
        return not _matches_empty(rules.pattern)
    return _lacks(rules, "")


def _matches_empty(pattern: str) -> bool:
    try:
        return re.search(pattern, "") is not None
    except re.error:
        return True


_REFUSES_ZERO: dict[str, Callable[[Any], object]] = {
    "string": _refuses_empty_text,
    "bytes": lambda rules: rules.min_len or rules.len,
    "repeated": lambda rules: rules.min_items,
    "map": lambda rules: rules.min_pairs,
    "enum": lambda rules: 0 in rules.not_in or _lacks(rules, 0),
    "bool": lambda rules: rules.HasField("const") and rules.const,
}


def keywords_of(rules: validate_pb2.FieldRules) -> Schema:
    """Returns the JSON Schema keywords of one value's rules; lists and maps give those of themselves, not of their entries."""
    kind = rules.WhichOneof("type")
    if kind is None:
        return {}
    chosen = getattr(rules, kind)
    if kind == "string":
        return _text(chosen)
    if kind == "repeated":
        return _set(chosen, {"min_items": "minItems", "max_items": "maxItems"}) | (
            {"uniqueItems": True} if chosen.unique else {}
        )
    if kind == "map":
        return _set(chosen, {"min_pairs": "minProperties", "max_pairs": "maxProperties"})
    return _set(chosen, _LIMITS) if kind in _NUMBERS else {}


def _set(rules: Any, names: dict[str, str]) -> Schema:
    return {keyword: getattr(rules, name) for name, keyword in names.items() if rules.HasField(name)}


def _text(rules: validate_pb2.StringRules) -> Schema:
    schema = _set(rules, {"min_len": "minLength", "max_len": "maxLength"})
    if rules.HasField("len"):
        schema |= {"minLength": rules.len, "maxLength": rules.len}
    if rules.HasField("pattern") and "(?" not in rules.pattern:
        schema["pattern"] = rules.pattern
    if getattr(rules, "in"):
        schema["enum"] = list(getattr(rules, "in"))
    known = rules.WhichOneof("well_known")
    if known in _FORMATS:
        schema["format"] = _FORMATS[known]
    if known == "uuid":
        schema["pattern"] = _UUID
    return schema


def allowed_numbers(rules: validate_pb2.FieldRules, numbers: list[int]) -> list[int]:
    """Returns the enum numbers that the rules leave."""
    only, never = getattr(rules.enum, "in"), set(rules.enum.not_in)
    return [number for number in numbers if number not in never and (not only or number in only)]
