"""Streams that last: whose access was taken away meanwhile is let go while they listen, not when they next call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

# With the seconds for which voided tokens are kept known, somebody who leaves is out within a minute.
LOOK_SECONDS = 15
_END = object()


async def while_admitted(
    responses: AsyncIterator[Any], look: Callable[[], Awaitable[None]], pause: float = LOOK_SECONDS
) -> AsyncGenerator[Any, None]:
    """Yields a stream's responses until it ends or the caller may no longer have them.

    Args:
        responses: As the servicer gives them.
        look: Raises where the caller is no longer let in.
        pause: Seconds after which to look again, whether anything has come or not.
    """
    looked, coming = time.monotonic(), _next_of(responses)
    try:
        while True:
            await asyncio.wait({coming}, timeout=max(0.0, looked + pause - time.monotonic()))
            if time.monotonic() >= looked + pause:
                await look()
                looked = time.monotonic()
            if not coming.done():
                continue
            response = coming.result()
            if response is _END:
                return
            yield response
            coming = _next_of(responses)
    finally:
        # The servicer has let go of everything once this returns.
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


def _next_of(responses: AsyncIterator[Any]) -> asyncio.Task[Any]:
    async def ask() -> Any:
        return await anext(responses, _END)

    return asyncio.create_task(ask())
