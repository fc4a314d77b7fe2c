"""The gateway under uvicorn in the node's own loop: we bind the port, so that a taken one is told plainly, and we stop it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from socket import socket
from typing import Any

import uvicorn
from pydantic import ValidationError

from bp_gateway.app import build_app
from bp_gateway.protocol import BoundedProtocol
from bp_gateway.settings import GatewaySettings
from bp_node.failure import CommandError, bind
from bp_node.settings import NodeSettings

_GRACE_SECONDS = 5
_BACKLOG = 256


class _Server(uvicorn.Server):
    """Tells when it listens, and leaves signals to the node."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def gateway_settings(node: NodeSettings) -> GatewaySettings:
    """Returns what the gateway is told: what the node decides, over it node.toml's `[services.gateway]`.

    Raises:
        CommandError: A setting cannot be.
    """
    decided = {"host": node.host, "port": node.port, "public_url": node.public_url}
    try:
        return GatewaySettings(**{**decided, **node.services.get("gateway", {})})
    except ValidationError as error:
        first = error.errors()[0]
        raise CommandError(f"setting services.gateway.{first['loc'][0]} is wrong: {first['msg']}") from error


@asynccontextmanager
async def serve_gateway(node: NodeSettings, channel: Any) -> AsyncIterator[str]:
    """Serves the gateway within the block and gives its URL.

    Args:
        node: Where it listens.
        channel: Reaches the node's services as people do.

    Raises:
        CommandError: The port is not free.
    """
    settings = gateway_settings(node)
    app = build_app(settings, lambda _package, _country: channel)
    taken = bind(settings.host, settings.port, "the gateway")
    server = _Server(
        uvicorn.Config(
            app,
            http=BoundedProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            lifespan="off",
            backlog=_BACKLOG,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            ssl_certfile=node.tls_certificate,
            ssl_keyfile=node.tls_key,
        )
    )
    serving = asyncio.create_task(server.serve([taken]))
    listening = asyncio.create_task(server.listening.wait())
    await asyncio.wait((serving, listening), return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        listening.cancel()
        raise CommandError(f"the gateway did not start on {settings.host}:{settings.port}") from serving.exception()
    try:
        scheme = "https" if node.tls_certificate else "http"
        yield f"{scheme}://{settings.host}:{taken.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
