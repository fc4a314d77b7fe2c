"""OpenID Connect and OAuth paths, passed to identity's OAuthService as they come: forms and redirects are not JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluepacific.identity.v1 import oauth_service_pb2
from bluepacific.identity.v1.oauth_service_pb2_grpc import OAuthServiceStub
from bp_gateway.calls import Channels
from bp_gateway.metadata import metadata_of
from bp_gateway.settings import GatewaySettings
from bp_kit.errors import Refused
from bp_kit.telemetry import current_traceparent

_PACKAGE = "bluepacific.identity.v1"
# RPC, path, HTTP methods: as the comments of oauth_service.proto say.
_PATHS = (
    ("GetDiscovery", "/.well-known/openid-configuration", ("GET",)),
    ("GetJwks", "/oauth2/jwks.json", ("GET",)),
    ("Authorize", "/oauth2/authorize", ("GET", "POST")),
    ("Token", "/oauth2/token", ("POST",)),
    ("Revoke", "/oauth2/revoke", ("POST",)),
    ("Introspect", "/oauth2/introspect", ("POST",)),
    ("AuthorizeDevice", "/oauth2/device_authorization", ("POST",)),
    ("ApproveDevice", "/oauth2/device", ("GET", "POST")),
    ("Account", "/oauth2/account", ("GET", "POST")),
    ("Recover", "/oauth2/recover", ("GET", "POST")),
    ("ReturnFromUpstream", "/oauth2/upstream", ("GET",)),
    ("EndSession", "/oauth2/logout", ("GET", "POST")),
    ("GetUserInfo", "/oauth2/userinfo", ("GET",)),
)
_FORM_BYTES = 65536
_QUERY_BYTES = 8192
_PASSED = ("authorization", "dpop", "cookie", "content-type", "accept", "accept-language", "origin", "referer")
_NOT_PASSED = frozenset({"content-length", "transfer-encoding", "connection", "date", "server"})


def oauth_routes(channels: Channels, settings: GatewaySettings) -> list[Route]:
    """Returns the routes of sign-in and tokens."""
    return [
        Route(path, _endpoint(rpc, channels, settings), methods=list(methods), name=rpc)
        for rpc, path, methods in _PATHS
    ]


def _endpoint(rpc: str, channels: Channels, settings: GatewaySettings) -> Callable[[Request], Awaitable[Response]]:
    async def pass_on(request: Request) -> Response:
        web_request = oauth_service_pb2.WebRequest(
            method="GET" if request.method == "HEAD" else request.method,
            path=request.url.path,
            query=query_of(request),
            headers={name: _printable(request.headers[name]) for name in _PASSED if name in request.headers},
            body=await body_of(request, _FORM_BYTES),
        )
        call = getattr(OAuthServiceStub(channels(_PACKAGE, None)), rpc)
        metadata = metadata_of(_plain_headers(request), current_traceparent())
        answer = await call(web_request, timeout=settings.deadline_seconds, metadata=metadata)
        return response_of(answer)

    return pass_on


def query_of(request: Request) -> str:
    """Returns a request's query as sent.

    Raises:
        Refused: BODY_TOO_LARGE.
    """
    query: bytes = request.scope["query_string"]
    if len(query) > _QUERY_BYTES:
        raise Refused("BODY_TOO_LARGE", limit=_QUERY_BYTES)
    return _printable(query.decode("latin-1"))


def _printable(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)


async def body_of(request: Request, limit: int) -> bytes:
    """Returns a request's body.

    Raises:
        Refused: BODY_TOO_LARGE.
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise Refused("BODY_TOO_LARGE", limit=limit)
    return bytes(body)


def _plain_headers(request: Request) -> dict[bytes, bytes]:
    # Credentials go inside the WebRequest: they may be a client's id and secret, which the pipeline must not take for a token.
    return {name: value for name, value in request.scope["headers"] if name == b"accept-language"}


def response_of(answer: oauth_service_pb2.WebResponse) -> Response:
    """Returns an answer as it goes out."""
    response = Response(answer.body, status_code=answer.status)
    for header in answer.headers:
        if header.name.lower() not in _NOT_PASSED:
            response.headers.append(header.name, header.value)
    return response
