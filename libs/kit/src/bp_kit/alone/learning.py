"""Knowing identity's keys before a call needs them: identity may be the one that is away then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from bp_kit.keys import RemoteKeys
from bp_kit.logs import get_logger

_LEARN_SECONDS = 2.0
_log = get_logger("bp_kit.alone")


@asynccontextmanager
async def learning(name: str, keys: RemoteKeys) -> AsyncIterator[None]:
    """Asks for identity's keys within the block, until it has told them.

    Args:
        name: The service, for the log.
        keys: Learns them.
    """

    async def learn() -> None:
        while True:
            try:
                await keys.learn()
            except grpc.RpcError:
                await asyncio.sleep(_LEARN_SECONDS)
            except LookupError:
                # Nobody said where identity is; calls are told.
                return
            else:
                _log.info("pod.knows_keys", service=name)
                return

    task = asyncio.create_task(learn())
    try:
        yield
    finally:
        task.cancel()
