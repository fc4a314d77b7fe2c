"""What a link receives: items, stored in batches and acknowledged after the commit. Memory is bounded: a peer that sends more waits."""

from __future__ import annotations

import asyncio
from collections import deque

from sqlalchemy.exc import InterfaceError, OperationalError

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.refusal import Ground
from bp_exchange.usecases.accepting import Checked, check_items, store
from bp_exchange.workers.outgoing import Frame, Outgoing
from bp_kit.logs import described, get_logger

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
            checked = await self._stored(batch)
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

    async def _stored(self, batch: list[Item]) -> Checked:
        try:
            return await self._store(batch)
        except (OperationalError, InterfaceError, OSError):
            # The database or the disk cannot now; the link ends and the peer sends it again.
            raise
        except Exception as error:  # noqa: BLE001 - one item that nobody foresaw must not hold up the lane for ever
            _log.error("link.batch_failed", peer=self._peer, items=len(batch), **described(error))
            if len(batch) == 1:
                return Checked(refused={batch[0].position: Ground.NOT_STORABLE})
        whole = Checked()
        for item in batch:
            one = await self._stored([item])
            whole.envelopes += one.envelopes
            whole.receipts += one.receipts
            whole.refused |= one.refused
        return whole

    @unbroken
    async def _store(self, batch: list[Item]) -> Checked:
        house = self._house
        checked = await asyncio.to_thread(
            check_items, batch, peer=self._peer, directory=house.register.directory, keys=house.keys
        )
        if checked.envelopes or checked.receipts:
            async with house.transaction() as work:
                await store(work, self._peer, checked)
        return checked
