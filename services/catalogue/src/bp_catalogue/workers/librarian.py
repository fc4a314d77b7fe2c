"""Asks the centre for capabilities that are not here: soon after start, then now and then."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bp_catalogue.adapters.unit_of_work import Workshop
from bp_catalogue.usecases.replication import ask_for_catalogue
from bp_kit.logs import get_logger

# A node that has just been enrolled may not know the centre for a moment.
_EARLY = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))
_log = get_logger("bp_catalogue.librarian")


class Librarian:
    """Asks for what the centre has; a worker.

    Args:
        workshop: Makes the parts of a transaction.
        interval: How often, once started.
    """

    def __init__(self, workshop: Workshop, interval: timedelta) -> None:
        self._workshop = workshop
        self._interval = interval

    async def run(self) -> None:
        """Asks until cancelled."""
        for wait in _EARLY:
            await self._ask()
            await asyncio.sleep(wait.total_seconds())
        while True:
            await self._ask()
            await asyncio.sleep(self._interval.total_seconds())

    async def _ask(self) -> None:
        try:
            async with self._workshop.transaction() as work:
                await ask_for_catalogue(work, self._workshop.seams.country)
        except SQLAlchemyError as error:
            _log.warning("librarian.waiting", error=type(error).__name__)
