"""gRPC on a socket: the wrapped handlers, health, reflection, and limits that answer overload with RESOURCE_EXHAUSTED."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
_MAX_CONCURRENT = 1024
# Without these grpc.aio cancels calls under load before our own limit answers them.
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.server.max_pending_requests", 4096),
    ("grpc.server.max_pending_requests_hard_limit", 8192),
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    # Callers ask on silent streams every 30 s; unsaid, the server takes that for an attack after some minutes and hangs up.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    # A subscriber that went without a word must not keep what only one has at a time.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
)


async def start_server(
    handlers: Mapping[str, Any],
    address: str,
    credentials: grpc.ServerCredentials | None = None,
    otherwise: grpc.GenericRpcHandler | None = None,
) -> tuple[grpc.aio.Server, int]:
    """Starts a server.

    Args:
        handlers: Wrapped handlers by gRPC path.
        address: `127.0.0.1:0`, or `unix:/path` for a socket only this user may open.
        credentials: TLS; None for loopback and Unix sockets.
        otherwise: Answers calls that have no handler.

    Returns:
        The server, and the port it got.

    Raises:
        RuntimeError: The address cannot be had.
    """
    server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=_MAX_CONCURRENT)
    services: dict[str, dict[str, Any]] = {}
    for path, handler in handlers.items():
        service, method = path.strip("/").split("/")
        services.setdefault(service, {})[method] = handler
    for service, methods in services.items():
        server.add_registered_method_handlers(service, methods)
    if otherwise:
        server.add_generic_rpc_handlers((otherwise,))
    checks = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    for service in ("", *services):
        await checks.set(service, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection((*services, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    await server.start()
    return server, port
