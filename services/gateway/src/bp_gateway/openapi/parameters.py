"""Parameters of operations: pieces of the path, the query, and the headers that mean something."""

from __future__ import annotations

import re
from typing import Any

from bluepacific.common.v1 import handling_pb2
from bluepacific.options.v1 import options_pb2
from bp_gateway.openapi.rules import Schema, is_required, rules_of
from bp_gateway.openapi.schemas import Schemas
from bp_gateway.paths import parameter_names
from bp_gateway.query import parameters_of
from bp_gateway.surface import Binding, Kind

_ETAG: Schema = {"type": "string", "maxLength": 100}


def parameters_for(binding: Binding, schemas: Schemas, comments: dict[str, str]) -> list[Schema]:
    """Returns the parameters of a binding's operation."""
    return [
        *_path_parameters(binding, comments),
        *(_query_parameter(binding, one, schemas, comments) for one in parameters_of(binding)),
        *_headers(binding),
    ]


def _path_parameters(binding: Binding, comments: dict[str, str]) -> list[Schema]:
    patterns = segment_patterns(binding)
    found = []
    for position, name in parameter_names(binding.template).items():
        variable = next((one for one in binding.template.variables if one.start <= position), None)
        field = binding.field(variable.field) if variable else None
        about = comments.get(field.full_name, "") if field else ""
        schema: Schema = {"type": "string", "minLength": 1}
        if position in patterns:
            schema["pattern"] = patterns[position]
        found.append({"name": name, "in": "path", "required": True, "description": about, "schema": schema})
    return found


def segment_patterns(binding: Binding) -> dict[int, str]:
    """Returns a pattern for each wildcard segment, where the field's own pattern can be taken apart at its slashes."""
    found = {}
    for variable in binding.template.variables:
        field = binding.field(variable.field)
        pattern = rules_of(field).string.pattern if field else ""
        wanted = binding.template.segments[variable.start : variable.end] if variable.end > 0 else ()
        pieces = _pieces(pattern)
        if len(pieces) != len(wanted):
            continue
        for offset, (piece, segment) in enumerate(zip(pieces, wanted, strict=True)):
            if segment == "*" and _compiles(piece):
                found[variable.start + offset] = f"^{piece}$"
    return found


def _pieces(pattern: str) -> list[str]:
    inner = pattern.removeprefix("^").removesuffix("$")
    if inner.startswith("(") and inner.endswith(")?") and inner.count("(") == inner[1:-2].count("(") + 1:
        inner = inner[1:-2]
    return inner.split("/") if inner else []


def _compiles(piece: str) -> bool:
    try:
        re.compile(piece)
    except re.error:
        return False
    return True


def _query_parameter(binding: Binding, parameter: Any, schemas: Schemas, comments: dict[str, str]) -> Schema:
    required = is_required(parameter.field) and len(parameter.path) == 1 and binding.kind is not Kind.UPLOAD
    return {
        "name": parameter.name,
        "in": "query",
        "required": required,
        "description": comments.get(parameter.field.full_name, ""),
        "schema": schemas.field(parameter.field, request=True),
    }


def _headers(binding: Binding) -> list[Schema]:
    found = []
    access = binding.access
    if access.purpose_required:
        found.append(_purpose(access))
    if binding.request_id_field:
        found.append(
            _header(
                "Idempotency-Key",
                "A UUID that makes repeating the request harmless.",
                {"type": "string", "format": "uuid"},
            )
        )
    if binding.etag_field:
        found.append(_header("If-Match", "Refuse unless the record is still of this version; 412 otherwise.", _ETAG))
    if binding.verb == "GET" and "etag" in binding.method.output_type.fields_by_name:
        found.append(_header("If-None-Match", "Answer 304 if the record is still of this version.", _ETAG))
    if binding.queue_seconds:
        about = "`respond-async`: keep the call while its service cannot be reached, answer 202, and make it later (RFC 7240)."
        found.append(_header("Prefer", about, {"type": "string"}))
    if binding.kind is Kind.EVENTS:
        found.append(_header("Last-Event-ID", "Continue after this event.", {"type": "string", "maxLength": 500}))
    return found


def _header(name: str, about: str, schema: Schema) -> Schema:
    return {"name": name, "in": "header", "required": False, "description": about, "schema": schema}


def _purpose(access: options_pb2.Access) -> Schema:
    names = [name.removeprefix("PURPOSE_") for name, number in handling_pb2.Purpose.items() if number]
    header = _header("x-purpose", "Why the information is accessed.", {"type": "string", "enum": names})
    return header | {"required": access.purpose_required}
