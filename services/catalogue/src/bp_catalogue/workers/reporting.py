"""Tells the centre of changed uptake: many changes, one report. An agreement that begins or ends by itself is a change, too."""

from __future__ import annotations

from datetime import timedelta

from bp_catalogue.adapters.unit_of_work import Workshop
from bp_catalogue.usecases.uptake import report_uptake, uptake_is_due
from bp_kit.rounds import come_round


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
        await come_round("catalogue.reporting", self.report, self._interval, wait_first=True)

    async def report(self) -> None:
        """Reports for each country with changes since the last time."""
        async with self._workshop.reading() as work:
            due = [country for country in await work.uptake.countries() if await uptake_is_due(work, country)]
        for country in due:
            async with self._workshop.transaction() as work:
                await report_uptake(work, country)
