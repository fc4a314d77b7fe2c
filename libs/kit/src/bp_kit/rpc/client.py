"""gRPC channels to services on a socket: deadlines are the caller's, retries are for UNAVAILABLE only (AIP-194)."""

from __future__ import annotations

import json
from typing import Any

import grpc

from bp_kit.rpc.server import MAX_MESSAGE_BYTES

_SERVICE_CONFIG = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.2s",
                    "maxBackoff": "5s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)
_OPTIONS = (
    ("grpc.service_config", _SERVICE_CONFIG),
    ("grpc.enable_retries", 1),
    # As often as calls are repeated, the connection is tried: with gRPC's own second of pause they would all find it missing.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 3_000),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)


def open_channel(
    target: str, credentials: grpc.ChannelCredentials | None = None, options: tuple[tuple[str, Any], ...] = ()
) -> grpc.aio.Channel:
    """Returns a channel.

    Args:
        target: `host:port` or `unix:/path`.
        credentials: TLS; None for loopback and Unix sockets.
        options: Of gRPC, beside ours.
    """
    if credentials:
        return grpc.aio.secure_channel(target, credentials, options=(*_OPTIONS, *options))
    return grpc.aio.insecure_channel(target, options=(*_OPTIONS, *options))
