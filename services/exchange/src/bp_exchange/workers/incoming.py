"""What a link receives: items, stored in batches and acknowledged after the commit. Memory is bounded: a peer that sends more waits."""

from __future__ import annotations

import asyncio
from collections import deque

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.adapters.item_intake import ItemIntake
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.workers.outgoing import Frame, Outgoing
from bp_kit.logs import get_logger

_BATCH_ITEMS = 64
_BATCH_BYTES = 1024 * 1024
_HELD_BYTES = 4 * 1024 * 1024
_log = get_logger("bp_exchange.link")

Item = link_service_pb2.Item


class Incoming:
    """One link's receiving side.

    Args:
        house: The exchange.
        peer: From whom.
        outgoing: Takes the acknowledgements.
    """

    def __init__(self, house: House, peer: str, outgoing: Outgoing) -> None:
        self._house = house
        self._peer = peer
        self._outgoing = outgoing
        self._intake = ItemIntake(house, peer)
        self._items: deque[Item] = deque()
        self._held = 0
        self._changed = asyncio.Condition()

    async def put(self, item: Item) -> None:
        """Takes an item; waits while too much is waiting already."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._held < _HELD_BYTES)
            self._items.append(item)
            self._held += item.ByteSize()
            self._changed.notify_all()

    async def run(self) -> None:
        """Stores what arrives until cancelled."""
        while True:
            batch = await self._batch()
            checked = await self._intake.take(batch)
            refused = [
                link_service_pb2.RefusedItem(position=position, ground=ground)
                for position, ground in checked.refused.items()
            ]
            for one in refused:
                _log.warning("link.item_refused", peer=self._peer, ground=one.ground)
            self._outgoing.control(Frame(ack=link_service_pb2.Ack(stored=checked.positions, refused=refused)))

    async def _batch(self) -> list[Item]:
        batch: list[Item] = []
        size = 0
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._items))
            while self._items and len(batch) < _BATCH_ITEMS and size < _BATCH_BYTES:
                batch.append(self._items.popleft())
                size += batch[-1].ByteSize()
            self._held -= size
            self._changed.notify_all()
        return batch
