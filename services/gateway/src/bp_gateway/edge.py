"""The outermost layer: finds the endpoint, keeps the trace, turns every error into a problem document, logs one line.

It stands where FastAPI's own middleware would: one call deep instead of six, and nothing but it decides what an error looks like.
"""

from __future__ import annotations

import time
import uuid
from typing import Protocol

from opentelemetry.trace import Span, SpanKind, StatusCode
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from bp_gateway.exchange import ClientGoneError, Exchange, HeaderList, Receive, Scope, Send
from bp_gateway.places import Shape
from bp_gateway.problems import MEDIA_TYPE, Problem, Situation, is_unforeseen, problem_of
from bp_gateway.settings import GatewaySettings
from bp_gateway.table import RouteTable
from bp_kit.errors import Refused
from bp_kit.language import negotiate
from bp_kit.logs import described, get_logger
from bp_kit.proofs import proof_for
from bp_kit.telemetry import current_traceparent, span

_GONE = 499
_SERVER_ERROR = 500
_PROBLEM_HEADERS: HeaderList = [(b"cache-control", b"no-store")]
_SECURITY_HEADERS: HeaderList = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]
_HTTPS_HEADERS: HeaderList = [(b"strict-transport-security", b"max-age=31536000")]
# What the API gives is data; should a browser ever take it for a page, that page may do nothing. Own routes say what theirs may.
_NO_CONTENT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox")
_log = get_logger("bp_gateway")


class Endpoint(Protocol):
    """Answers the requests of one binding."""

    @property
    def route(self) -> str:
        """The route as spans and logs name it: the template, never the path."""
        ...

    @property
    def shape(self) -> Shape:
        """How its requests are spread over HTTP."""
        ...

    async def answer(self, exchange: Exchange) -> None:
        """Sends the response, or raises before it began."""
        ...


class Edge:
    """The ASGI application around everything.

    Args:
        table: The derived endpoints.
        router: The gateway's own routes, for all other paths.
        settings: Public URL and logging.
    """

    def __init__(self, table: RouteTable[Endpoint], router: ASGIApp, settings: GatewaySettings) -> None:
        self._table = table
        self._router = router
        self._docs = f"{settings.public_url.rstrip('/')}/docs/errors"
        self._header_bytes = settings.header_bytes
        self._logs = settings.access_log
        self._most = settings.max_requests
        self._public_url = settings.public_url.rstrip("/")
        self._active = 0
        constant = [*_SECURITY_HEADERS, *(_HTTPS_HEADERS if settings.public_url.startswith("https:") else ())]
        self._own_headers: HeaderList = constant
        self._derived_headers: HeaderList = [*constant, _NO_CONTENT]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; passes lifespan events on."""
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        self._active += 1
        try:
            await self._serve(Exchange(scope, receive, send))
        finally:
            self._active -= 1

    async def _serve(self, exchange: Exchange) -> None:
        scope = exchange.scope
        begun = time.perf_counter()
        endpoint, refused = self._find(exchange)
        exchange.constant = self._derived_headers if endpoint or refused else self._own_headers
        route = endpoint.route if endpoint else "own"
        name = f"{scope['method'][:20]} {route}"
        inbound = exchange.headers.get(b"traceparent", b"").decode("latin-1")
        with span(name, scope="bp_gateway", traceparent=inbound, kind=SpanKind.SERVER) as current:
            exchange.trace(current_traceparent() or _own_trace())
            try:
                await self._answer(exchange, endpoint, refused)
            except ClientGoneError:
                exchange.status = exchange.status or _GONE
            except Exception as error:  # noqa: BLE001 - the one place that turns everything into an answer
                await self._fail(exchange, error, endpoint, current)
            if current.is_recording():
                current.set_attribute("http.request.method", scope["method"][:20])
                current.set_attribute("http.route", route)
                current.set_attribute("http.response.status_code", exchange.status)
            if self._logs:
                millis = round((time.perf_counter() - begun) * 1000, 1)
                _log.info(
                    "http.served", method=scope["method"][:20], route=route, status=exchange.status, millis=millis
                )

    def _find(self, exchange: Exchange) -> tuple[Endpoint | None, Refused | None]:
        scope = exchange.scope
        path = scope.get("raw_path") or scope["path"].encode()
        if self._active > self._most:
            return None, Refused("OVERLOADED")
        head = len(path) + len(scope["query_string"]) + sum(len(name) + len(value) for name, value in scope["headers"])
        if head > self._header_bytes:
            return None, Refused("HEADERS_TOO_LARGE", limit=self._header_bytes)
        try:
            found = self._table.find(path, scope["method"])
        except Refused as refused:
            return None, refused
        if found is None:
            return None, None
        endpoint, exchange.segments = found
        return endpoint, None

    async def _answer(self, exchange: Exchange, endpoint: Endpoint | None, refused: Refused | None) -> None:
        if refused:
            raise refused
        if endpoint:
            self._check_proof(exchange)
            await endpoint.answer(exchange)
            return
        try:
            await self._router(exchange.scope, exchange.receive, exchange.send)
        except HTTPException as error:
            raise _refusal(error, exchange) from None

    def _check_proof(self, exchange: Exchange) -> None:
        """Refuses a token bound to a key without that key's proof for this very request (RFC 9449, 7).

        The service looks at the token, and takes the proof once: gateways are many, and share nothing.
        """
        scheme, _, token = exchange.headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"dpop":
            return
        scope = exchange.scope
        path = scope.get("raw_path") or scope["path"].encode()
        proof_for(
            exchange.headers.get(b"dpop", b"").decode("latin-1"),
            time.time(),
            method=scope["method"],
            address=f"{self._public_url}{path.decode('latin-1')}",
            token=token.strip().decode("latin-1"),
        )

    async def _fail(self, exchange: Exchange, error: Exception, endpoint: Endpoint | None, current: Span) -> None:
        problem = self.problem(error, exchange, endpoint.shape if endpoint else Shape())
        if is_unforeseen(error):
            current.set_status(StatusCode.ERROR)
            _log.error("http.failed", **described(error))
        current.set_attribute("error.type", problem.reason)
        if not exchange.status:
            await exchange.reply(problem.status, problem.body, MEDIA_TYPE, [*problem.headers, *_PROBLEM_HEADERS])
        # Once the response has begun there is no honest end: the server closes the connection on a response without one.

    def problem(self, error: Exception, exchange: Exchange, shape: Shape) -> Problem:
        """Returns the error as a problem, told to the exchange's caller."""
        headers = exchange.headers
        situation = Situation(
            language=negotiate(headers.get(b"accept-language", b"").decode("latin-1")),
            trace_id=exchange.trace_id,
            docs=self._docs,
            shape=shape,
            conditional=b"if-match" in headers,
        )
        return problem_of(error, situation)


def _own_trace() -> str:
    """Returns a trace of our own where tracing is not set up: an error must be quotable all the same."""
    return f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-00"


def _refusal(error: HTTPException, exchange: Exchange) -> Refused:
    if error.status_code == 405:  # noqa: PLR2004 - Starlette's own words
        allow = (error.headers or {}).get("Allow", "")
        return Refused("METHOD_NOT_ALLOWED", method=exchange.scope["method"][:20], allow=allow)
    return Refused("ROUTE_NOT_FOUND")
