"""What a lane sends next: what waits is sealed first, as much as the lane has room for (usecases/sealing.py)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2
from bp_exchange.adapters.contents import SqlContents
from bp_exchange.adapters.queue import IS_LIST, QueueReader, earlier_drafts, waiting_drafts
from bp_exchange.adapters.tables import PaceRow, QueueRow
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.batch import Prepared, prepare
from bp_exchange.usecases.records import QueueItem
from bp_exchange.usecases.sealing import choose, is_receipt, room_for, seal_messages, seal_receipts

# As much is sealed ahead of sending: later comers are still put into large envelopes.
_AHEAD_ITEMS = 16
_AHEAD_ROOMS = 3
# Of the drafts that are looked at together: more than fill an envelope, few enough to be read for each.
_LOOKED_AT = 500

Waiting = tuple[QueueItem, link_service_pb2.Item]


@dataclass(frozen=True)
class Found:
    """What waits, sealed, and whether more of it waits to be sealed."""

    items: list[Waiting]
    more: bool


class LaneReader:
    """A lane's queue.

    Args:
        house: The exchange.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._reader = QueueReader(house.database, house.seams.clock)
        # As `room_for` said last.
        self._room = 0

    async def look(self, peer: str, *, under_way: Collection[int], limit: int, ahead: bool = True) -> Found:
        """Returns what to send next, the most urgent first, then the oldest; see `QueueReader.next`.

        Whoever has nothing to send meanwhile is answered as soon as there is something; `ahead`, more is sealed for later.
        """
        while True:
            found = await self._reader.next(peer, under_way=under_way, limit=limit)
            chosen = await self._chosen(peer)
            ready = [item for item, _ in found if not chosen or item.urgency <= chosen[0].urgency]
            if not chosen or self._is_enough(ready) or (ready and not ahead):
                return Found(found, more=bool(chosen) or len(found) == limit)
            if not await self._seal(chosen):
                return Found(found, more=len(found) == limit)

    async def next(self, peer: str, *, under_way: Collection[int], limit: int) -> list[Waiting]:
        """Returns the items of `look`."""
        return (await self.look(peer, under_way=under_way, limit=limit)).items

    async def page(self, peer: str, after: tuple[int, int], limit: int) -> list[Waiting]:
        """Returns what waits behind (urgency, position) in the order of sending, all of it sealed; see `QueueReader.page`."""
        while (chosen := await self._chosen(peer, at_once=True)) and await self._seal(chosen):
            continue
        return await self._reader.page(peer, after, limit)

    def _is_enough(self, ready: Sequence[QueueItem]) -> bool:
        size = sum(one.size for one in ready)
        return len(ready) >= _AHEAD_ITEMS or size >= _AHEAD_ROOMS * self._room

    @unbroken
    async def _chosen(self, peer: str, *, at_once: bool = False) -> list[QueueItem]:
        """Returns what is sealed next. Statements wait while a list is on its way: one goes in a round trip, not one a message."""
        async with self._house.database.read() as session:
            if not await session.scalar(select(exists().where(QueueRow.peer == peer, QueueRow.draft != ""))):
                return []
            waiting = await waiting_drafts(session, peer, self._house.seams.clock(), _LOOKED_AT)
            pace = await session.get(PaceRow, peer)
            if not at_once and await session.scalar(select(exists().where(QueueRow.peer == peer, IS_LIST))):
                waiting = [one for one in waiting if not is_receipt(one)]
            if not waiting:
                return []
            self._room = room_for(waiting[0].urgency, pace.bytes_per_second if pace else None)
            chosen = choose(waiting, self._room)
            while earlier := await earlier_drafts(session, chosen):
                chosen = choose(earlier, self._room)
            return chosen

    async def _seal(self, chosen: Sequence[QueueItem]) -> bool:
        """Seals drafts; False when they cannot be, now."""
        if is_receipt(chosen[0]):
            return await self._seal_receipts(chosen)
        kept = await self._kept(chosen)
        if len(kept) < len(chosen):
            return False
        prepared = await asyncio.to_thread(self._prepare, [kept[one.item_id] for one in chosen])
        if len(chosen) > 1 and len(prepared.compressed) > 2 * self._room:
            return await self._seal(chosen[: len(chosen) // 2])
        return await self._seal_messages(chosen, kept, prepared)

    def _prepare(self, kept: Sequence[envelope_pb2.KeptMessage]) -> Prepared:
        return prepare([(one.head, one.content) for one in kept], random=os.urandom)

    @unbroken
    async def _kept(self, chosen: Sequence[QueueItem]) -> dict[str, envelope_pb2.KeptMessage]:
        async with self._house.database.read() as session:
            return await _contents(session, chosen)

    @unbroken
    async def _seal_messages(
        self, chosen: Sequence[QueueItem], kept: dict[str, envelope_pb2.KeptMessage], prepared: Prepared
    ) -> bool:
        async with self._house.transaction() as work:
            return await seal_messages(work, chosen, kept, prepared)

    @unbroken
    async def _seal_receipts(self, chosen: Sequence[QueueItem]) -> bool:
        async with self._house.transaction() as work:
            return await seal_receipts(work, chosen)


async def _contents(session: AsyncSession, chosen: Sequence[QueueItem]) -> dict[str, envelope_pb2.KeptMessage]:
    return await SqlContents(session).of([one.item_id for one in chosen])
