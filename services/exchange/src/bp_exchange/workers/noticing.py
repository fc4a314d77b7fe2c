"""Hears what the node's other processes ring, over PostgreSQL's LISTEN."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

from asyncpg.exceptions import InterfaceError, PostgresError
from sqlalchemy.exc import SQLAlchemyError

from bp_exchange.adapters.bells import CHANNEL, Bells
from bp_kit.database import Database
from bp_kit.logs import get_logger

_TRY_SECONDS = 15.0
_ANSWER_SECONDS = 10.0
_PAUSE_SECONDS = 2.0
# A time-out is an OSError.
_DRIVER_ERRORS = (PostgresError, InterfaceError)
_log = get_logger("bp_exchange.noticing")


class Noticing:
    """Keeps one connection that hears; a worker, where processes may share the database.

    Args:
        database: The exchange's.
        bells: Rung here.
    """

    def __init__(self, database: Database, bells: Bells) -> None:
        self._database = database
        self._bells = bells

    async def run(self) -> None:
        """Hears until cancelled; while no connection is to be had, everybody looks now and then."""
        while True:
            try:
                await self._hear()
            except (SQLAlchemyError, OSError, *_DRIVER_ERRORS) as error:
                _log.warning("noticing.waiting", error=type(error).__name__)
            await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS))  # noqa: S311 - jitter

    async def _hear(self) -> None:
        async with self._database.driver() as connection:
            gone = asyncio.Event()
            connection.add_termination_listener(lambda _: gone.set())
            await connection.add_listener(CHANNEL, self._heard)
            self._bells.told = True
            try:
                # Whatever rang while nobody heard.
                self._bells.ring_all()
                await self._watch(connection, gone)
            finally:
                self._bells.told = False
                with contextlib.suppress(OSError, *_DRIVER_ERRORS):
                    await connection.remove_listener(CHANNEL, self._heard)

    async def _watch(self, connection: Any, gone: asyncio.Event) -> None:
        """Returns when the connection is lost: it says so, or does not answer."""
        while not gone.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TRY_SECONDS):
                    await gone.wait()
                    return
            await connection.execute("SELECT 1", timeout=_ANSWER_SECONDS)

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        self._bells.hear(payload)
