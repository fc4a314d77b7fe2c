"""gRPC for integrators: the services as people reach them, with tokens, on a socket of its own, where the settings ask for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

import grpc

from bp_node.failure import CommandError, told_plainly
from bp_node.settings import NodeSettings

_GRACE_SECONDS = 5


@asynccontextmanager
async def serve_grpc(node: NodeSettings, handlers: Mapping[str, Any]) -> AsyncIterator[None]:
    """Serves within the block, with the gateway's certificate; where there is none, to this machine alone.

    Args:
        node: Where to listen: `grpc_listen`, `host:port` or `unix:/path`; empty serves nothing.
        handlers: What is served, by gRPC path.

    Raises:
        CommandError: The address cannot be had, or tokens would cross a network in the clear.
    """
    if not node.grpc_listen:
        yield
        return
    from bp_kit.rpc.server import start_server  # noqa: PLC0415 - only where it is served

    credentials = _credentials(node)
    if not credentials and not _own_machine(node.grpc_listen):
        raise CommandError(
            f"setting grpc_listen is wrong: {node.grpc_listen} can be reached from elsewhere; set tls_certificate and tls_key too"
        )
    try:
        server, _ = await start_server(handlers, node.grpc_listen, credentials)
    except RuntimeError as error:
        raise CommandError(
            f"cannot listen on {node.grpc_listen} for gRPC: another program has it, or it is no address"
        ) from error
    try:
        yield
    finally:
        await server.stop(_GRACE_SECONDS)


def _credentials(node: NodeSettings) -> grpc.ServerCredentials | None:
    if not (node.tls_certificate and node.tls_key):
        return None
    with told_plainly("read", node.tls_key):
        key = node.tls_key.read_bytes()
    with told_plainly("read", node.tls_certificate):
        chain = node.tls_certificate.read_bytes()
    return grpc.ssl_server_credentials([(key, chain)])


def _own_machine(address: str) -> bool:
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
