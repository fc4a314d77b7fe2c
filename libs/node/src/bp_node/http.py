"""The gateway in the node's own loop: we bind the port, so that a taken one is told plainly, and we stop it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import ValidationError

from bp_gateway.app import build_app
from bp_gateway.listening import NotListeningError, listening
from bp_gateway.settings import GatewaySettings
from bp_node.failure import CommandError, bind
from bp_node.settings import NodeSettings


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
    try:
        async with listening(app, taken, node.tls_certificate, node.tls_key):
            scheme = "https" if node.tls_certificate else "http"
            yield f"{scheme}://{settings.host}:{taken.getsockname()[1]}"
    except NotListeningError as error:
        raise CommandError(f"the gateway did not start on {settings.host}:{settings.port}") from error.__cause__
