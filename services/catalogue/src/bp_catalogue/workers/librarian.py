"""Asks the centre for capabilities that are not here: soon after start, then now and then."""

from __future__ import annotations

from datetime import timedelta

from bp_catalogue.adapters.unit_of_work import Workshop
from bp_catalogue.usecases.replication import ask_for_catalogue
from bp_kit.rounds import come_round, often_at_first

# A node that has just been enrolled may not know the centre for a moment.
_EARLY = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))


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
        await come_round("catalogue.librarian", self._ask, often_at_first(_EARLY, self._interval))

    async def _ask(self) -> None:
        async with self._workshop.transaction() as work:
            await ask_for_catalogue(work, self._workshop.seams.country)
