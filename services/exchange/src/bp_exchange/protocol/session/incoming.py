"""What a link receives: items, stored in batches and acknowledged after the commit. Memory is bounded: a peer that sends more waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.protocol.session.effects import Effect, Store

BATCH_ITEMS = 64
BATCH_BYTES = 1024 * 1024
HELD_BYTES = 4 * 1024 * 1024


class Incoming:
    """One link's receiving side.

    Attributes:
        effects: What is to be done, in order.
    """

    def __init__(self) -> None:
        self.effects: deque[Effect] = deque()
        self._items: deque[link_service_pb2.Item] = deque()
        self._held = 0
        self._storing = False

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be stored that no more is heard."""
        return self._held >= HELD_BYTES

    def take(self, item: link_service_pb2.Item) -> None:
        """Takes an item."""
        self._items.append(item)
        self._held += item.ByteSize()
        self._store()

    def _store(self) -> None:
        if self._storing or not self._items:
            return
        batch: list[link_service_pb2.Item] = []
        size = 0
        while self._items and len(batch) < BATCH_ITEMS and size < BATCH_BYTES:
            batch.append(self._items.popleft())
            size += batch[-1].ByteSize()
        self._held -= size
        self._storing = True
        self.effects.append(Store(tuple(batch)))

    def stored(self, positions: Sequence[int], refused: Mapping[int, str]) -> link_service_pb2.Ack:
        """Returns the acknowledgement of a batch, and goes on to the next."""
        self._storing = False
        self._store()
        return link_service_pb2.Ack(
            stored=positions,
            refused=[
                link_service_pb2.RefusedItem(position=position, ground=ground) for position, ground in refused.items()
            ],
        )
