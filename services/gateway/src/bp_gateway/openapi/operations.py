"""Operations: one for each binding of an exposed method."""

from __future__ import annotations

from bluepacific.options.v1 import options_pb2
from bluepacific.queue.v1 import queued_call_pb2
from bp_gateway.openapi.comments import summary_of
from bp_gateway.openapi.parameters import parameters_for
from bp_gateway.openapi.rules import Schema, is_required
from bp_gateway.openapi.schemas import Schemas
from bp_gateway.surface import Binding, Kind

_BINARY: Schema = {"type": "string", "format": "binary"}
_REFUSALS = ("400", "401", "403", "404", "405", "409", "429", "503", "504")
_AGE_HEADER: Schema = {
    "Age": {
        "description": "Seconds since the answer was given; only of one that is given again because the service cannot be reached.",
        "schema": {"type": "integer"},
    }
}
_ETAG_HEADER: Schema = {"ETag": {"description": "The record's version.", "schema": {"type": "string"}}}


def operation_of(binding: Binding, schemas: Schemas, comments: dict[str, str]) -> Schema:
    """Returns the operation object of a binding."""
    comment = comments.get(binding.method.full_name, "")
    operation: Schema = {
        "operationId": operation_id(binding),
        "tags": [binding.method.containing_service.name],
        "summary": summary_of(comment),
        "description": f"{comment}\n\n{_access_text(binding.access)}".strip(),
        "parameters": parameters_for(binding, schemas, comments),
        "responses": _responses(binding, schemas),
        "x-permission": binding.access.permission,
    }
    body = _request_body(binding, schemas)
    if body:
        operation["requestBody"] = body
    if binding.access.public:
        operation["security"] = []
    return operation


def operation_id(binding: Binding) -> str:
    """Returns the operation's id: `BookService_GetBook`; further paths of a method are numbered from 2."""
    number = f"_{binding.number + 1}" if binding.number else ""
    return f"{binding.method.containing_service.name}_{binding.method.name}{number}"


def _access_text(access: options_pb2.Access) -> str:
    who = "Anybody may call it." if access.public else f"Roles: {', '.join(access.roles)}."
    purpose = " A purpose must be stated." if access.purpose_required else ""
    second = " Takes effect only after a second person approved it." if access.second_person else ""
    return f"Permission `{access.permission}`. {who}{purpose}{second}"


def _request_body(binding: Binding, schemas: Schemas) -> Schema | None:
    if not binding.body:
        return None
    if binding.kind is Kind.UPLOAD:
        about = "The file as it is; its media type in Content-Type."
        return {"required": True, "description": about, "content": {"*/*": {"schema": dict(_BINARY)}}}
    if binding.body == "*":
        schema = schemas.message(binding.method.input_type, request=True, without=binding.path_fields)
        asked = [field for field in binding.method.input_type.fields if field.name not in binding.path_fields]
        return {"required": any(is_required(field) for field in asked), "content": _json(schema)}
    field = binding.field(binding.body)
    assert field is not None
    assert field.message_type is not None
    prefix = f"{binding.body}."
    given = frozenset(path.removeprefix(prefix) for path in binding.path_fields if path.startswith(prefix))
    schema = schemas.message(field.message_type, request=True, without=given)
    return {"required": is_required(field), "content": _json(schema)}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _responses(binding: Binding, schemas: Schemas) -> Schema:
    found: Schema = {"200": _success(binding, schemas)}
    fields = binding.method.output_type.fields_by_name
    if binding.verb == "GET" and "etag" in fields and binding.kind is Kind.UNARY:
        found["304"] = {"description": "The record is still of the version that If-None-Match names."}
    if binding.queue_seconds:
        found["202"] = _kept(schemas)
    refusals = [*_REFUSALS, *(("413", "415") if binding.body else ())]
    if binding.etag_field:
        refusals.append("412")
    for status in sorted(refusals):
        found[status] = {"$ref": "#/components/responses/Problem"}
    return found | {"default": {"$ref": "#/components/responses/Problem"}}


def _kept(schemas: Schemas) -> Schema:
    about = "Kept, to be done when its service can be reached; only where `Prefer: respond-async` asks for it. Nothing has been done yet."
    headers = {
        "Location": {"description": "Where to ask what has become of it.", "schema": {"type": "string"}},
        "Preference-Applied": {"description": "`respond-async`.", "schema": {"type": "string"}},
        "Retry-After": {"description": "Seconds after which to ask.", "schema": {"type": "integer"}},
    }
    schema = schemas.message(queued_call_pb2.QueuedCall.DESCRIPTOR, request=False)
    return {"description": about, "content": _json(schema), "headers": headers}


def _success(binding: Binding, schemas: Schemas) -> Schema:
    output = binding.method.output_type
    if binding.kind in (Kind.DOWNLOAD, Kind.FILE):
        headers = {"Content-Disposition": {"description": "The file's name.", "schema": {"type": "string"}}}
        described: Schema = {"description": "The file.", "content": {"*/*": {"schema": dict(_BINARY)}}}
        return described | ({"headers": headers} if binding.kind is Kind.DOWNLOAD else {})
    schema = schemas.message(output, request=False)
    if binding.kind is Kind.EVENTS:
        about = "Server-sent events; each event's data is one JSON object. An event named `error` carries a problem and ends the stream."
        return {
            "description": about,
            "content": {"text/event-stream": {"schema": {"type": "string"}, "x-event-data": schema}},
        }
    success: Schema = {"description": "Done.", "content": _json(schema)}
    headers = {
        **(_ETAG_HEADER if "etag" in output.fields_by_name else {}),
        **(_AGE_HEADER if binding.again_seconds else {}),
    }
    return success | ({"headers": headers} if headers else {})
