"""The composition root: a FastAPI application whose API routes are derived from the protos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bp_gateway.calls import Channels
from bp_gateway.docs import docs_routes
from bp_gateway.edge import Edge
from bp_gateway.exchange import Exchange
from bp_gateway.health import Ready, always_ready, health_routes
from bp_gateway.oauth import oauth_routes
from bp_gateway.openapi import openapi_document
from bp_gateway.places import Shape
from bp_gateway.problems import Problem
from bp_gateway.routes import DerivedRoute, table_of
from bp_gateway.scim import scim_routes
from bp_gateway.settings import GatewaySettings
from bp_gateway.surface import bindings_of, packaged_descriptors
from bp_gateway.transcode.encoding import to_json
from bp_kit.rpc.inprocess import InProcessChannel

if TYPE_CHECKING:
    from bp_gateway.queue.opening import Queue

_EXPOSED = [
    "etag",
    "retry-after",
    "x-trace-id",
    "content-disposition",
    "www-authenticate",
    "age",
    "warning",
    "location",
    "preference-applied",
]
_OWN_PACKAGE = "bluepacific.queue.v1"


class Gateway(FastAPI):
    """The gateway's application; build it with `build_app`."""

    def __init__(self, settings: GatewaySettings, descriptors: bytes) -> None:
        super().__init__(title="Blue Pacific", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
        self.settings = settings
        self._descriptors = descriptors
        self._edge: Edge | None = None

    def build_middleware_stack(self) -> ASGIApp:
        """Puts the edge where FastAPI would put its own layers."""
        self._edge = Edge(table_of(self.routes), self.router, self.settings)
        if not self.settings.cors_origins:
            return self._edge
        return CORSMiddleware(
            self._edge,
            allow_origins=self.settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=_EXPOSED,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers through the edge at once: what FastAPI would do before, tracing among it, the edge does."""
        scope["app"] = self
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        await self.middleware_stack(scope, receive, send)

    def problem(self, error: Exception, exchange: Exchange, shape: Shape) -> Problem:
        """Returns an error as the edge tells it."""
        assert self._edge is not None, "requests come through the edge"
        return self._edge.problem(error, exchange, shape)

    def openapi(self) -> dict[str, Any]:
        """Returns the OpenAPI 3.1 document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi_document(self._descriptors, self.settings)
        return self.openapi_schema


def build_app(
    settings: GatewaySettings,
    channels: Channels,
    *,
    ready: Ready = always_ready,
    descriptors: bytes | None = None,
    queue: Queue | None = None,
) -> Gateway:
    """Builds the gateway.

    Args:
        settings: Where it listens, its limits.
        channels: Gives a channel to a service by its proto package and a country's code; None is this node's own country.
        ready: Tells whether the services can be reached.
        descriptors: A serialised FileDescriptorSet with source info; the packaged one when None.
        queue: Keeps calls that wait for a service; None: none do.

    Raises:
        ValueError: The protos want what HTTP cannot carry, or one path twice.
    """
    described = packaged_descriptors() if descriptors is None else descriptors
    app = Gateway(settings, described)
    intake = queue.intake if queue else None
    for binding in bindings_of(described):
        where = _own(queue) if binding.package == _OWN_PACKAGE else channels
        app.router.routes.append(DerivedRoute(binding, where, settings, app.problem, intake))
    app.router.routes += [
        *oauth_routes(channels, settings),
        *scim_routes(channels, settings),
        *health_routes(ready),
        *docs_routes(),
        Route("/openapi.json", _openapi),
    ]
    table_of(app.routes)  # refuses two methods on one path now, not at the first request
    return app


def _own(queue: Queue | None) -> Channels:
    """Returns where the gateway's own service is: nowhere without a queue, so that its paths are not there."""
    channel = queue.channel if queue else InProcessChannel({})
    return lambda _package, _country: channel


async def _openapi(request: Request) -> Response:
    return Response(to_json(request.app.openapi()), media_type="application/json")
