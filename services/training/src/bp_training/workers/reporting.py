"""Tells the centre of changed participation: many changes, one report."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bp_kit.logs import get_logger
from bp_training.adapters.unit_of_work import Workshop
from bp_training.usecases.participation import report_participation

_log = get_logger("bp_training.reporting")


class Reporter:
    """Reports for each country with changes, now and then; a worker.

    Args:
        workshop: Makes the parts of a transaction.
        interval: Changes within it are told together.
    """

    def __init__(self, workshop: Workshop, interval: timedelta) -> None:
        self._workshop = workshop
        self._interval = interval

    async def run(self) -> None:
        """Reports until cancelled."""
        while True:
            await asyncio.sleep(self._interval.total_seconds())
            try:
                await self.report()
            except SQLAlchemyError as error:
                _log.warning("reporting.waiting", error=type(error).__name__)

    async def report(self) -> None:
        """Reports for each country with changes since the last time."""
        async with self._workshop.reading() as work:
            countries = await work.reports.due()
        for country in countries:
            async with self._workshop.transaction() as work:
                await report_participation(work, country)
