"""Asks the other countries for courses and keys that are not here: soon after start, then now and then."""

from __future__ import annotations

from datetime import timedelta

from bp_kit.rounds import come_round, often_at_first
from bp_training.adapters.unit_of_work import Workshop
from bp_training.usecases.library import announce_key, ask_for_library

# A node that has just been enrolled may not know the other members for a moment.
_EARLY = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))


class Librarian:
    """Announces the own key and asks for what others have; a worker.

    Args:
        workshop: Makes the parts of a transaction.
        interval: How often, once started.
    """

    def __init__(self, workshop: Workshop, interval: timedelta) -> None:
        self._workshop = workshop
        self._interval = interval

    async def run(self) -> None:
        """Asks until cancelled."""
        await come_round("training.library", self._ask, often_at_first(_EARLY, self._interval))

    async def _ask(self) -> None:
        country = self._workshop.seams.country
        async with self._workshop.transaction() as work:
            await announce_key(work, country)
            await ask_for_library(work, country)
