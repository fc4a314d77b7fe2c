"""Reads of personal data at the exchange itself: other services hand theirs over, its own it takes from its own outbox; a worker."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from bp_exchange.adapters.bells import woken
from bp_exchange.adapters.proving import SqlEvidence
from bp_exchange.adapters.reads import SqlReads
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.usecases.exporting import named_by_record
from bp_exchange.usecases.reading import record_reads
from bp_kit.outbox import take_reads
from bp_kit.rounds import come_round

# For those of other pods, which end up here when their own is gone.
_LOOK = timedelta(seconds=15)
_AT_ONCE = 20


class OwnReads:
    """Takes them into the log.

    Args:
        house: The exchange.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    async def run(self) -> None:
        """Takes them until cancelled; wakes at each commit that kept some."""
        await come_round("exchange.own_reads", self.take, _LOOK, rest=partial(woken, self._house.database.changed))

    @unbroken
    async def take(self) -> None:
        """Takes all that wait."""
        while await self._take():
            continue

    async def _take(self) -> int:
        house = self._house
        async with house.database.write() as session:
            batches = await take_reads(session, _AT_ONCE)
            if batches:
                work, kept = await house.on(session), SqlReads(session)
                evidence = SqlEvidence(session, house.keys.node_id)
            for batch in batches:
                reads = [await named_by_record(evidence, one) for one in batch.reads]
                await record_reads(work, kept, batch.batch_id, reads, house.seams.country)
        return len(batches)
