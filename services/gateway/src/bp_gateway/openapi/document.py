"""The whole document: paths, components, security, tags."""

from __future__ import annotations

from typing import Any

from bp_gateway.openapi.comments import comments_of
from bp_gateway.openapi.operations import operation_id, operation_of
from bp_gateway.openapi.rules import Schema
from bp_gateway.openapi.schemas import Schemas
from bp_gateway.paths import rest_path
from bp_gateway.settings import GatewaySettings
from bp_gateway.surface import Binding, bindings_of

_ABOUT = """Exchange, training and capabilities of the police of Pacific island countries.

Names start with `countries/{country}/`; that prefix says whose data it is and where the call goes. JSON is proto3's: lowerCamelCase names,
64-bit integers as strings, times as RFC 3339, fields at their default value left out. Unknown fields, keys given twice and null are
refused: what is not known is left out. Errors are problem documents (RFC 9457) in the language of `Accept-Language` (en, fr, es, ar);
each reason has a page under `/docs/errors/`. A call may take `x-deadline-ms` milliseconds; `x-trace-id` of every response is what
support asks for."""

_PROBLEM: Schema = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Page that describes the reason."},
        "title": {"type": "string", "description": "What it means, in the caller's language."},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The trace: `urn:trace:` and 32 hexadecimal digits."},
        "reason": {"type": "string", "description": "Stable name: `INVALID_FIELD`."},
        "domain": {"type": "string", "description": "Who defines the reason: `cooperation.bluepacific`."},
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        "errors": {
            "type": "array",
            "description": "The fields at fault.",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer into the request's body."},
                    "parameter": {"type": "string", "description": "Query parameter, piece of the path or header."},
                    "reason": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["reason", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "instance", "reason", "domain", "metadata"],
}


def openapi_document(descriptor_set: bytes, settings: GatewaySettings) -> dict[str, Any]:
    """Returns the OpenAPI 3.1 document of everything that the descriptors expose.

    Args:
        descriptor_set: A serialised FileDescriptorSet with source info.
        settings: The public URL.

    Raises:
        ValueError: Two operations have one id.
    """
    comments = comments_of(descriptor_set)
    bindings = bindings_of(descriptor_set)
    schemas = Schemas(comments, (binding.method.output_type for binding in bindings))
    paths: dict[str, Schema] = {}
    for binding in bindings:
        paths.setdefault(rest_path(binding.template), {})[binding.verb.lower()] = operation_of(
            binding, schemas, comments
        )
    _refuse_twins(bindings)
    url = settings.public_url.rstrip("/")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Blue Pacific", "version": "1", "description": _ABOUT},
        "servers": [{"url": url}],
        "tags": _tags(bindings, comments),
        "security": [{"bearer": []}, {"oauth2": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted({**schemas.components, "Problem": _PROBLEM}.items())),
            "responses": {"Problem": _problem_response()},
            "securitySchemes": _security(url),
        },
    }


def _refuse_twins(bindings: list[Binding]) -> None:
    ids = [operation_id(binding) for binding in bindings]
    twins = {one for one in ids if ids.count(one) > 1}
    if twins:
        raise ValueError(f"operations of one id: {', '.join(sorted(twins))}")


def _tags(bindings: list[Binding], comments: dict[str, str]) -> list[Schema]:
    services = {binding.method.containing_service.full_name: binding for binding in bindings}
    return [
        {"name": binding.method.containing_service.name, "description": comments.get(name, "")}
        for name, binding in services.items()
    ]


def _problem_response() -> Schema:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    retry = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}}
    return {"description": "The request was refused or failed.", "headers": retry, "content": content}


def _security(url: str) -> Schema:
    flow = {
        "authorizationUrl": f"{url}/oauth2/authorize",
        "tokenUrl": f"{url}/oauth2/token",
        "refreshUrl": f"{url}/oauth2/token",
        "scopes": {"openid": "Sign in."},
    }
    return {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "oauth2": {"type": "oauth2", "flows": {"authorizationCode": flow}},
    }
