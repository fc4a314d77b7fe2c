"""Tells the centre of changed participation: many changes, one report."""

from __future__ import annotations

from datetime import timedelta

from bp_kit.rounds import come_round
from bp_training.adapters.unit_of_work import Workshop
from bp_training.usecases.participation import report_participation


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
        await come_round("training.reporting", self.report, self._interval, wait_first=True)

    async def report(self) -> None:
        """Reports for each country with changes since the last time."""
        async with self._workshop.reading() as work:
            countries = await work.reports.due()
        for country in countries:
            async with self._workshop.transaction() as work:
                await report_participation(work, country)
