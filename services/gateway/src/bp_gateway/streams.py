"""A server stream passed on to a client that may be slow, silent or gone."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

from bp_gateway.exchange import ClientGoneError, Exchange


class _End:
    """Ends the queue, with the error that ended the stream, if one did."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class Responses:
    """The responses of a streaming call, read ahead by one.

    The stream is read by one task from first to last, because servicers in this process keep their call in context variables, which a
    task of its own for each message would lose. The queue holds one message: a slow client slows the service down, not our memory up.

    Args:
        call: What the multi-callable returned.
        exchange: Whose client is watched; its request body must have been read.
    """

    def __init__(self, call: Any, exchange: Exchange) -> None:
        self._call = call
        self._exchange = exchange
        self._queue: asyncio.Queue[Any] = asyncio.Queue(maxsize=1)
        self._waiting: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Self:
        self._pump = asyncio.create_task(self._read())
        self._gone = asyncio.create_task(self._exchange.gone())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tasks = [task for task in (self._pump, self._gone, self._waiting) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._call.cancel()

    async def _read(self) -> None:
        end = _End(None)
        responses = aiter(self._call)
        try:
            async for response in responses:
                await self._queue.put(response)
        except Exception as error:  # noqa: BLE001 - raised again where the stream is consumed
            end = _End(error)
        finally:
            close = getattr(responses, "aclose", None)
            if close:
                await close()
        await self._queue.put(end)

    async def next(self, within: float | None = None) -> Any:
        """Returns the next response; None when none came within so many seconds.

        Raises:
            StopAsyncIteration: The stream has ended.
            ClientGoneError: Nobody is there to read.
            Exception: What ended the stream.
        """
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._queue.get())
        await asyncio.wait((self._waiting, self._gone), timeout=within, return_when=asyncio.FIRST_COMPLETED)
        if self._gone.done():
            raise ClientGoneError
        if not self._waiting.done():
            return None
        got, self._waiting = self._waiting.result(), None
        if not isinstance(got, _End):
            return got
        if got.error:
            raise got.error
        raise StopAsyncIteration
