"""The gateway under uvicorn, in a loop and on a socket that are its caller's, who also stops it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from socket import socket
from typing import Any

import uvicorn

from bp_gateway.protocol import BoundedProtocol

_GRACE_SECONDS = 5
_BACKLOG = 256


class NotListeningError(Exception):
    """The server ended before it listened; its cause says why."""


class _Server(uvicorn.Server):
    """Tells when it listens, and leaves signals to its caller."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def listening(
    app: Any, taken: socket, certificate: Path | None, key: Path | None, *, grace_seconds: int = _GRACE_SECONDS
) -> AsyncIterator[None]:
    """Serves within the block; at its end, requests in progress have their time.

    Args:
        app: The application.
        taken: A bound socket.
        certificate: PEM chain; None for plain HTTP.
        key: PEM key of it.
        grace_seconds: How long requests may take after the end of the block.

    Raises:
        NotListeningError: It could not start.
    """
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
            timeout_graceful_shutdown=grace_seconds,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
    )
    serving = asyncio.create_task(server.serve([taken]))
    waiting = asyncio.create_task(server.listening.wait())
    await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        waiting.cancel()
        raise NotListeningError from serving.exception()
    try:
        yield
    finally:
        server.should_exit = True
        await serving
