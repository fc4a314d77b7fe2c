"""What a lane sends next, on the database: what waits is sealed first, as much as the lane has room for (usecases/filling.py)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import envelope_pb2
from bp_exchange.adapters.contents import SqlContents
from bp_exchange.adapters.queue import IS_LIST, QueueReader, earlier_drafts, waiting_drafts
from bp_exchange.adapters.tables import PaceRow, QueueRow
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.batch import Prepared, prepare
from bp_exchange.usecases.filling import Chosen, Found, Kept, Waiting, choose_next, fill, seal_all
from bp_exchange.usecases.records import QueueItem
from bp_exchange.usecases.sealing import seal_messages, seal_receipts

# Of the drafts that are looked at together: more than fill an envelope, few enough to be read for each.
_LOOKED_AT = 500


class LaneReader:
    """Lanes' queues.

    Args:
        house: The exchange.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._reader = QueueReader(house.database, house.seams.clock)

    async def look(self, peer: str, *, under_way: Collection[int], limit: int, ahead: bool = True) -> Found:
        """Returns what to send next, the most urgent first, then the oldest; see `fill` and `QueueReader.next`."""
        return await fill(_Lane(self._house, self._reader, peer, under_way, limit), limit, ahead=ahead)

    async def page(self, peer: str, after: tuple[int, int], limit: int) -> list[Waiting]:
        """Returns what waits behind (urgency, position) in the order of sending, all of it sealed; see `QueueReader.page`."""
        await seal_all(_Lane(self._house, self._reader, peer, (), limit))
        return await self._reader.page(peer, after, limit)


class _Lane:
    """A lane as `usecases.filling` works on it."""

    def __init__(self, house: House, reader: QueueReader, peer: str, under_way: Collection[int], limit: int) -> None:
        self._house = house
        self._reader = reader
        self._peer = peer
        self._under_way = under_way
        self._limit = limit

    async def ready(self) -> list[Waiting]:
        return await self._reader.next(self._peer, under_way=self._under_way, limit=self._limit)

    @unbroken
    async def chosen(self, *, at_once: bool) -> Chosen:
        async with self._house.database.read() as session:
            return await choose_next(_Drafts(session, self._peer, self._house.seams.clock()), at_once=at_once)

    @unbroken
    async def kept(self, items: Sequence[QueueItem]) -> Kept:
        async with self._house.database.read() as session:
            return await SqlContents(session).of([one.item_id for one in items])

    async def prepare(self, kept: Sequence[envelope_pb2.KeptMessage]) -> Prepared:
        messages = [(one.head, one.content) for one in kept]
        return await asyncio.to_thread(prepare, messages, random=os.urandom)

    @unbroken
    async def seal_messages(self, items: Sequence[QueueItem], kept: Kept, prepared: Prepared) -> bool:
        async with self._house.transaction() as work:
            return await seal_messages(work, items, kept, prepared)

    @unbroken
    async def seal_receipts(self, items: Sequence[QueueItem]) -> bool:
        async with self._house.transaction() as work:
            return await seal_receipts(work, items)


class _Drafts:
    """What waits to be sealed, within a session."""

    def __init__(self, session: AsyncSession, peer: str, now: datetime) -> None:
        self._session = session
        self._peer = peer
        self._now = now

    async def waiting(self) -> list[QueueItem]:
        # Mostly there is nothing, which is quickly told.
        drafts = exists().where(QueueRow.peer == self._peer, QueueRow.draft != "")
        if not await self._session.scalar(select(drafts)):
            return []
        return await waiting_drafts(self._session, self._peer, self._now, _LOOKED_AT)

    async def earlier(self, chosen: Sequence[QueueItem]) -> list[QueueItem]:
        return await earlier_drafts(self._session, chosen)

    async def pace(self) -> int | None:
        row = await self._session.get(PaceRow, self._peer)
        return row.bytes_per_second if row else None

    async def is_list_under_way(self) -> bool:
        return bool(await self._session.scalar(select(exists().where(QueueRow.peer == self._peer, IS_LIST))))
