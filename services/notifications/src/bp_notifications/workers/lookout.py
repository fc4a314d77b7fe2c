"""Sees what other processes on the same database told people, and rings their bells here."""

from __future__ import annotations

from datetime import timedelta

from bp_kit.rounds import come_round
from bp_notifications.adapters.unit_of_work import Desk
from bp_notifications.usecases.work import MAIL


class Lookout:
    """Looks after the people whose streams are open here; a worker.

    Args:
        desk: Makes the parts of a transaction.
        poll_seconds: How often to look.
    """

    def __init__(self, desk: Desk, poll_seconds: float) -> None:
        self._desk = desk
        self._poll_seconds = poll_seconds
        self._seen: dict[str, int] = {}

    async def run(self) -> None:
        """Looks until cancelled."""
        every = timedelta(seconds=self._poll_seconds)
        await come_round("notifications.lookout", self._look, every, wait_first=True)

    async def _look(self) -> None:
        watched = self._desk.board.keys() - {MAIL}
        if not watched:
            self._seen.clear()
            return
        async with self._desk.reading() as work:
            positions = await work.contacts.positions(sorted(watched))
        for officer, position in positions.items():
            if self._seen.get(officer) != position:
                self._desk.board.ring(officer)
        self._seen = positions
