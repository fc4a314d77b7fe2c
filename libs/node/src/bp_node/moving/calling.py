"""Calls of the other place: each may be repeated, so a cut is waited out."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

import grpc

from bp_node.failure import CommandError

_CALL_SECONDS = 600.0
_MAX_BACKOFF_SECONDS = 5.0
_AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)


async def asked(call: Callable[[], Any], *, patience: float) -> Any:
    """Returns the other place's answer.

    Args:
        call: Makes the call, anew each time.
        patience: Seconds in which a cut is waited out.

    Raises:
        CommandError: It cannot be reached, or refuses.
    """
    begun, failures = time.monotonic(), 0
    while True:
        try:
            return await call()
        except grpc.RpcError as error:
            if error.code() not in _AGAIN:
                raise CommandError(str(error.details())) from error
            if time.monotonic() - begun >= patience:
                raise CommandError(f"the other place cannot be reached: {error.details()}") from error
        failures += 1
        await asyncio.sleep(random.uniform(0, min(0.2 * 2**failures, _MAX_BACKOFF_SECONDS)))  # noqa: S311 - jitter


def unary(method: Any, request: Any) -> Callable[[], Any]:
    """Returns what makes a call of one request."""
    return lambda: method(request, timeout=_CALL_SECONDS)


def upload(method: Any, requests: Callable[[], Any]) -> Callable[[], Any]:
    """Returns what makes a call of many requests, compressed: what is carried is mostly text."""
    return lambda: method(requests(), timeout=_CALL_SECONDS, compression=grpc.Compression.Gzip)
