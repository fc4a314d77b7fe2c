"""The derived routes: one for each binding, in FastAPI's list beside the gateway's own few."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from bp_gateway.calls import Channels
from bp_gateway.downloads import DownloadEndpoint
from bp_gateway.edge import Endpoint
from bp_gateway.events import EventsEndpoint
from bp_gateway.exchange import Exchange
from bp_gateway.paths import rest_path
from bp_gateway.places import Shape
from bp_gateway.problems import Problem
from bp_gateway.settings import GatewaySettings
from bp_gateway.surface import Binding, Kind
from bp_gateway.table import RouteTable
from bp_gateway.unary import FileEndpoint, UnaryEndpoint, WaitingEndpoint
from bp_gateway.uploads import UploadEndpoint
from bp_gateway.waiting import Waiting

if TYPE_CHECKING:
    from bp_gateway.queue.intake import Intake

_ENDPOINTS: dict[Kind, Callable[..., Any]] = {
    Kind.UNARY: UnaryEndpoint,
    Kind.FILE: FileEndpoint,
    Kind.EVENTS: EventsEndpoint,
    Kind.DOWNLOAD: DownloadEndpoint,
    Kind.UPLOAD: UploadEndpoint,
}


class DerivedRoute(BaseRoute):
    """A route that a proto describes.

    Attributes:
        path: As OpenAPI writes it.
        methods: Its one HTTP method.
        name: The gRPC path.
        binding: Where it comes from.
        route: Method-free name for spans and logs.
        shape: How its requests are spread over HTTP.
    """

    def __init__(
        self,
        binding: Binding,
        channels: Channels,
        settings: GatewaySettings,
        tell: Callable[[Exception, Exchange, Shape], Problem],
        intake: Intake | None = None,
    ) -> None:
        self.binding = binding
        self.path = self.route = rest_path(binding.template)
        self.methods = {binding.verb}
        self.name = binding.rpc_path
        self.shape = Shape(binding.body, binding.path_fields)
        endpoint: Any
        if binding.kind is Kind.EVENTS:
            endpoint = EventsEndpoint(binding, channels, settings, lambda error, at: tell(error, at, self.shape))
        elif intake and binding.queue_seconds:
            endpoint = WaitingEndpoint(binding, channels, settings, Waiting(binding, intake, settings.hosted))
        else:
            endpoint = _ENDPOINTS[binding.kind](binding, channels, settings)
        self.answer: Callable[[Exchange], Any] = endpoint.answer

    def matches(self, _scope: Scope) -> tuple[Match, Scope]:
        """Never: the edge finds derived routes by its table, before the router is asked."""
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers outside of an edge; for whoever mounts the route elsewhere."""
        await self.answer(Exchange(scope, receive, send))


def table_of(routes: Iterable[BaseRoute]) -> RouteTable[Endpoint]:
    """Returns the edge's table of the derived ones among an application's routes.

    Raises:
        ValueError: Two of them want the same method and path.
    """
    derived = [route for route in routes if isinstance(route, DerivedRoute)]
    return RouteTable((route.binding.template, route.binding.verb, route) for route in derived)
