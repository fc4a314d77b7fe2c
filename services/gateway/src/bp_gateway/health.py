"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bp_kit.errors import Refused

Ready = Callable[[], Awaitable[bool]]


async def always_ready() -> bool:
    """Ready as soon as it listens: an embedded node has migrated and joined its services before it does."""
    return True


def health_routes(ready: Ready) -> list[Route]:
    """Returns the probes' routes."""

    async def live(_request: Request) -> Response:
        return Response('{"status":"ok"}', media_type="application/json")

    async def serving(_request: Request) -> Response:
        if not await ready():
            raise Refused("UNAVAILABLE")
        return Response('{"status":"ok"}', media_type="application/json")

    return [Route("/healthz", live), Route("/readyz", serving)]
