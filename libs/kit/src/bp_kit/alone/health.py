"""Health on a port of its own, in clear and with nothing else on it: a node's probes know no certificates."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from bp_kit.alone.trouble import CannotStartError
from bp_kit.logs import get_logger

LIVE, READY = "live", "ready"
_LOOK_SECONDS = 5.0
_PATIENCE_SECONDS = 10.0
# A database that is slow under load must not take every pod away, which would only make it worse.
_MISSES = 3
_log = get_logger("bp_kit.alone")


class Health:
    """`live` as long as the process serves probes at all, `ready` while its database answers and it was not told to stop.

    Args:
        ping: Returns when the database answers.
    """

    def __init__(self, ping: Callable[[], Awaitable[None]]) -> None:
        self._ping = ping
        self._servicer = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None
        self._looking: asyncio.Task[None] | None = None

    async def start(self, address: str) -> None:
        """Answers probes: alive, and not ready yet.

        Raises:
            CannotStartError: The address cannot be had.
        """
        self._server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, self._server)
        await self._say(LIVE, serving=True)
        await self._say(READY, serving=False)
        try:
            self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise CannotStartError(f"BP_POD__HEALTH_LISTEN: cannot listen on {address}") from error
        await self._server.start()

    async def ready(self) -> None:
        """Ready from now on, as long as the database answers."""
        await self._say(READY, serving=True)
        self._looking = asyncio.create_task(self._keep_looking())

    async def drain(self) -> None:
        """Not ready any more: nobody new is sent here."""
        if self._looking:
            self._looking.cancel()
        await self._say(READY, serving=False)

    async def stop(self) -> None:
        """Answers no more probes."""
        if self._looking:
            self._looking.cancel()
        if self._server:
            await self._server.stop(None)

    async def _keep_looking(self) -> None:
        missed = 0
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            was_well = missed < _MISSES
            missed = 0 if await self._answers() else missed + 1
            is_well = missed < _MISSES
            if is_well != was_well:
                _log.warning("health.changed", database_answers=is_well)
                await self._say(READY, serving=is_well)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._ping()
        except Exception:  # noqa: BLE001 - whatever it is, the database does not answer
            return False
        return True

    async def _say(self, what: str, *, serving: bool) -> None:
        status = health_pb2.HealthCheckResponse
        await self._servicer.set(what, status.SERVING if serving else status.NOT_SERVING)
