"""How a method of a proto is called over HTTP: what its `google.api.http` option says, applied to one message."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from typing import Any
from urllib.parse import quote

from google.api import annotations_pb2
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import MethodDescriptor

from bluepacific.options.v1 import options_pb2
from bp_client.problem import FieldError, Problem

_VARIABLE = re.compile(r"\{([a-z0-9_.]+)(?:=([^}]*))?\}")
_HTTP_BODY = "google.api.HttpBody"
_JSON = "application/json"


class Kind(Enum):
    """How a method's messages travel over HTTP."""

    UNARY = "JSON in, JSON out"
    FILE = "one file out"
    EVENTS = "server-sent events"
    DOWNLOAD = "a streamed file out"
    UPLOAD = "a streamed file in"


@dataclass(frozen=True)
class Written:
    """A request message as HTTP carries it.

    Attributes:
        verb: `GET`, `POST`, ...
        path: Percent-encoded, beginning with a slash.
        query: Parameters in order; a name may repeat.
        body: JSON, or None where the request has no JSON body.
    """

    verb: str
    path: str
    query: list[tuple[str, str]]
    body: bytes | None


class RestMethod:
    """A method with its path. Made once a method: `rest_method(path)`.

    Args:
        method: The method's descriptor.
    """

    def __init__(self, method: MethodDescriptor) -> None:
        self._method = method
        rule = method.GetOptions().Extensions[annotations_pb2.http]
        pattern = rule.WhichOneof("pattern")
        if pattern is None or pattern == "custom":
            raise Problem(0, "ROUTE_NOT_FOUND", f"{method.full_name} is not reachable through a gateway.")
        self.verb = pattern.upper()
        self._template: str = getattr(rule, pattern)
        self._body: str = rule.body
        self.public: bool = method.GetOptions().Extensions[options_pb2.access].public

    @cached_property
    def kind(self) -> Kind:
        """How its messages travel."""
        gives_file = self._method.output_type.full_name == _HTTP_BODY
        if self._method.client_streaming:
            return Kind.UPLOAD
        if self._method.server_streaming:
            return Kind.DOWNLOAD if gives_file else Kind.EVENTS
        return Kind.FILE if gives_file else Kind.UNARY

    @cached_property
    def has_request_id(self) -> bool:
        """Tells whether a repeat can be recognised by its `request_id` (AIP-155)."""
        return "request_id" in self._method.input_type.fields_by_name

    def write(self, request: Any) -> Written:
        """Returns the request as HTTP carries it; the content of an upload's first message is left out.

        Raises:
            Problem: INVALID_FIELD: a name does not fit the method's path.
        """
        rest = type(request)()
        rest.CopyFrom(request)
        path = _VARIABLE.sub(lambda found: self._take(rest, found[1], found[2] or "*"), self._template)
        if self.kind is Kind.UPLOAD:
            rest.ClearField(self._body)
            return Written(self.verb, path, _parameters(json_format.MessageToDict(rest)), None)
        if self._body == "*":
            return Written(self.verb, path, [], _json(json_format.MessageToDict(rest)))
        document = json_format.MessageToDict(rest)
        body = None
        if self._body:
            part = document.pop(self._method.input_type.fields_by_name[self._body].json_name, {})
            body = _json(part)
        return Written(self.verb, path, _parameters(document), body)

    def content(self, request: Any) -> Any:
        """Returns the `google.api.HttpBody` of one message of an upload."""
        return getattr(request, self._body)

    def read(self, body: bytes, content_type: str = _JSON) -> Any:
        """Returns the response message of a response's body. Fields that this release does not know are passed over."""
        response: Any = message_factory.GetMessageClass(self._method.output_type)()
        if self.kind in (Kind.FILE, Kind.DOWNLOAD):
            response.content_type = content_type
            response.data = body
            return response
        return json_format.Parse(body, response, ignore_unknown_fields=True)

    def identified(self, request: Any) -> Any:
        """Returns the request with a `request_id` of its own where the method takes one, so that a repeat is harmless."""
        if not self.has_request_id or request.request_id:
            return request
        named = type(request)()
        named.CopyFrom(request)
        named.request_id = str(uuid.uuid4())
        return named

    @staticmethod
    def _take(message: Any, field: str, pattern: str) -> str:
        *parents, last = field.split(".")
        for parent in parents:
            message = getattr(message, parent)
        value = str(getattr(message, last))
        fits = "/".join(
            ".+" if part == "**" else "[^/]+" if part == "*" else re.escape(part) for part in pattern.split("/")
        )
        if not re.fullmatch(fits, value):
            wanted = f"must be like {pattern}"
            errors = (FieldError(field, "INVALID_FIELD", wanted),)
            raise Problem(400, "INVALID_FIELD", f"{field} is not valid: {wanted}", errors=errors)
        message.ClearField(last)
        return quote(value, safe="/" if "/" in pattern or pattern == "**" else "")


@cache
def rest_method(path: str) -> RestMethod:
    """Returns the method of a gRPC path: `/bluepacific.cooperation.v1.RequestService/GetRequest`.

    Raises:
        Problem: ROUTE_NOT_FOUND: no gateway serves it.
    """
    service, _, name = path.strip("/").partition("/")
    return RestMethod(descriptor_pool.Default().FindServiceByName(service).methods_by_name[name])


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _parameters(document: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in document.items():
        if isinstance(value, dict):
            found += _parameters(value, f"{prefix}{key}.")
        else:
            found += [(prefix + key, _written(one)) for one in (value if isinstance(value, list) else [value])]
    return found


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
