"""Gives up e-mails nobody takes, and forgets notifications past their keeping."""

from __future__ import annotations

from datetime import timedelta

from bp_kit.logs import get_logger
from bp_kit.rounds import come_round
from bp_notifications.adapters.unit_of_work import Desk
from bp_notifications.usecases.mails import tidy_up

_BATCH = 1000
_log = get_logger("bp_notifications.tidying")


class Tidier:
    """Tidies now and then; a worker. First after one interval, so that a node that was off has tried its old e-mails once more.

    Args:
        desk: Makes the parts of a transaction.
        interval_seconds: How often.
    """

    def __init__(self, desk: Desk, interval_seconds: float) -> None:
        self._desk = desk
        self._interval_seconds = interval_seconds

    async def run(self) -> None:
        """Tidies until cancelled."""
        every = timedelta(seconds=self._interval_seconds)
        await come_round("notifications.tidying", self._tidy, every, wait_first=True)

    async def _tidy(self) -> None:
        forgotten = _BATCH
        while forgotten == _BATCH:
            # In small transactions: SQLite has one writer, and others wait.
            async with self._desk.transaction() as work:
                given_up, forgotten = await tidy_up(work, _BATCH)
            if given_up:
                _log.error("mail.given_up", count=given_up)
            if forgotten:
                _log.info("notifications.forgotten", count=forgotten)
