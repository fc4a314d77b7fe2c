"""Destroys what has been kept long enough, and tells of answers that are overdue, now and then."""

from __future__ import annotations

from datetime import timedelta

from bp_cooperation.adapters.sealed_files import SealedFiles
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.usecases.answers import tell_of_overdue
from bp_cooperation.usecases.retention import purge
from bp_kit.idempotency import forget_answers
from bp_kit.logs import get_logger
from bp_kit.rounds import come_round

# A repeat of a call comes within the day; its answer holds content, which must not outlive the record.
_ANSWERS_LIFETIME = timedelta(days=1)
_log = get_logger("bp_cooperation.retention")


class Keeper:
    """Purges; a worker.

    Args:
        workshop: Makes the parts of a transaction.
        files: Where files' bytes are.
        interval: How often.
    """

    def __init__(self, workshop: Workshop, files: SealedFiles, interval: timedelta) -> None:
        self._workshop = workshop
        self._files = files
        self._interval = interval

    async def run(self) -> None:
        """Purges until cancelled."""
        await come_round("cooperation.retention", self.purge, self._interval)

    async def purge(self) -> None:
        """Destroys all that is due now; then tells of what is overdue."""
        purged = await purge(self._workshop.transaction, self._files)
        await tell_of_overdue(self._workshop.transaction)
        async with self._workshop.database.write() as session:
            await forget_answers(session, before=self._workshop.seams.clock() - _ANSWERS_LIFETIME)
        await self._workshop.database.scrub()
        if purged:
            _log.info("retention.purged", records=purged)
