"""Keeps the quarterly access review going: asks, reminds, and ends what nobody confirmed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bp_identity.adapters.access_reviews import SqlAccessReviews
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.domain.access_review import REMINDERS
from bp_identity.usecases.access_reviews import ask, lapse, remind
from bp_identity.usecases.work import Work
from bp_kit.rounds import come_round

_EVERY = timedelta(hours=1)


class Reviewer:
    """Looks once an hour; a worker.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def run(self) -> None:
        """Looks until cancelled."""
        await come_round("identity.access_reviews", self.look, _EVERY)

    async def look(self) -> None:
        """Does all that is due now."""
        await self._repeat(lapse)
        await self._repeat(ask)
        await self._repeat(self._remind)

    async def _remind(self, work: Work, reviews: SqlAccessReviews) -> bool:
        await remind(work, reviews, work.clock() + max(REMINDERS))
        return False

    async def _repeat(self, act: Callable[[Work, SqlAccessReviews], Awaitable[bool]]) -> None:
        """Does it, batch after batch, each in a transaction of its own, until none is left."""
        more = True
        while more:
            async with self._workshop.database.write() as session:
                reviews = SqlAccessReviews(session, self._workshop.seams.sealer)
                more = await act(self._workshop.on(session), reviews)
