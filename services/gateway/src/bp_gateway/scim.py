"""SCIM 2.0 (RFC 7644), passed to identity's ScimService as it comes; errors are told in SCIM's own words."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluepacific.identity.v1 import scim_service_pb2
from bluepacific.identity.v1.scim_service_pb2_grpc import ScimServiceStub
from bp_gateway.calls import Channels, claims_of
from bp_gateway.metadata import metadata_of
from bp_gateway.oauth import body_of, query_of, response_of
from bp_gateway.problems import Situation, is_unforeseen, problem_of
from bp_gateway.settings import GatewaySettings
from bp_kit.errors import Refused
from bp_kit.language import negotiate
from bp_kit.telemetry import current_traceparent

_PACKAGE = "bluepacific.identity.v1"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_BODY_BYTES = 1024 * 1024
_ID = re.compile(r"[a-zA-Z0-9:._-]{1,200}")
_COUNTRY = re.compile(r"[A-Z]{3}")
_COLLECTIONS = {"Users": "officers", "Groups": "units"}
_DESCRIBING = ("ServiceProviderConfig", "ResourceTypes", "Schemas")
# What RFC 7644 lets a service do without: searching over all kinds at once, many changes in one, and the caller's own record.
_NOT_OFFERED = (".search", "Bulk", "Me")
# HTTP methods of a kind of resource, and of one of it.
_ALL, _ONE = ("GET", "POST"), ("GET", "PUT", "PATCH", "DELETE")
_MEDIA_TYPES = ("", "application/scim+json", "application/json")
_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
# The keyword of RFC 7644, 3.12 for our reasons; SCIM_REFUSED brings its own.
_SCIM_TYPES = {
    "INVALID_FIELD": "invalidValue",
    "ALREADY_EXISTS": "uniqueness",
    "EMAIL_TAKEN": "uniqueness",
    "TOO_MANY_GRANTS": "invalidValue",
}
_CONFLICT, _NOT_IMPLEMENTED = 409, 501
_CONFLICTS = ("LAST_ADMINISTRATOR", "REACTIVATION_NOT_YOURS")


def scim_routes(channels: Channels, settings: GatewaySettings) -> list[Route]:
    """Returns the one route of everything under `/scim/v2`."""

    async def answer(request: Request) -> Response:
        if request.path_params["path"].strip("/").partition("/")[0] in _NOT_OFFERED:
            return _error(_NOT_IMPLEMENTED, "This is not offered; see ServiceProviderConfig.")
        try:
            return await pass_on(request)
        except Exception as error:
            if is_unforeseen(error):
                raise
            return _told(error, request, settings)

    pass_on = _passing(channels, settings)
    return [Route("/scim/v2/{path:path}", answer, methods=list(_METHODS), name="scim")]


def _passing(channels: Channels, settings: GatewaySettings) -> Callable[[Request], Awaitable[Response]]:
    async def pass_on(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        kind, _, identifier = request.path_params["path"].strip("/").partition("/")
        rpc = _rpc_of(method, kind, identifier)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _MEDIA_TYPES:
            raise Refused("UNSUPPORTED_MEDIA_TYPE", expected=_MEDIA_TYPES[1])
        scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
        if scheme not in ("", "bearer"):
            raise Refused("TOKEN_INVALID")
        asked = scim_service_pb2.ScimRequest(
            method=method,
            kind=kind,
            id=identifier,
            query=query_of(request),
            if_match=_version(request, "if-match"),
            if_none_match=_version(request, "if-none-match"),
            body=await body_of(request, _BODY_BYTES),
            name=_name_of(request, kind, identifier),
        )
        call = getattr(ScimServiceStub(channels(_PACKAGE, None)), rpc)
        metadata = metadata_of(dict(request.scope["headers"]), current_traceparent())
        return response_of(await call(asked, timeout=settings.deadline_seconds, metadata=metadata))

    return pass_on


def _rpc_of(method: str, kind: str, identifier: str) -> str:
    """Returns the RPC that answers.

    Raises:
        Refused: ROUTE_NOT_FOUND, METHOD_NOT_ALLOWED.
    """
    if kind not in ("Users", "Groups", *_DESCRIBING) or (identifier and not _ID.fullmatch(identifier)):
        raise Refused("ROUTE_NOT_FOUND")
    allowed = ("GET",) if kind in _DESCRIBING else _ONE if identifier else _ALL
    if method not in allowed:
        raise Refused("METHOD_NOT_ALLOWED", method=method, allow=", ".join(allowed))
    if kind in _DESCRIBING:
        return "Describe"
    return f"Find{kind}" if method == "GET" else f"Change{kind}"


def _name_of(request: Request, kind: str, identifier: str) -> str:
    """Returns the record or list of the token's country, which nobody has verified yet: identity refuses names of another."""
    collection = _COLLECTIONS.get(kind)
    country = str(claims_of(request.headers.get("authorization", "").encode("latin-1")).get("country", ""))
    if collection is None or not _COUNTRY.fullmatch(country):
        return ""
    return "/".join(["countries", country, collection, *([identifier] if identifier else [])])


def _version(request: Request, header: str) -> str:
    value = request.headers.get(header, "")
    if len(value) > 200 or not value.isascii() or not value.isprintable():  # noqa: PLR2004 - as the proto says
        raise Refused("ETAG_MISMATCH")
    return value


def _told(error: Exception, request: Request, settings: GatewaySettings) -> Response:
    situation = Situation(
        language=negotiate(request.headers.get("accept-language", "")),
        trace_id=(current_traceparent() or "")[3:35],
        docs=f"{settings.public_url.rstrip('/')}/docs/errors",
        conditional="if-match" in request.headers,
    )
    problem = problem_of(error, situation)
    document = orjson.loads(problem.body)
    status = _CONFLICT if problem.reason in _CONFLICTS else problem.status
    scim_type = document["metadata"].get("scim_type") or _SCIM_TYPES.get(problem.reason)
    response = _error(status, document["detail"], scim_type)
    for name, value in problem.headers:
        response.headers.append(name.decode(), value.decode())
    return response


def _error(status: int, detail: str, scim_type: str | None = None) -> Response:
    content = {"schemas": [_ERROR], "status": str(status), "detail": detail}
    if scim_type:
        content["scimType"] = scim_type
    return Response(orjson.dumps(content), status, {"cache-control": "no-store"}, "application/scim+json")
