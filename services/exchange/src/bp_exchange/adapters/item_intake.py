"""Takes a batch of a peer's items, however they came: verified, then stored in one transaction; one that breaks it is found and refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy.exc import InterfaceError, OperationalError

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.adapters.epochs import granted_keys
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.epoch import granted_key
from bp_exchange.protocol.refusal import Ground
from bp_exchange.usecases.accepting import store
from bp_exchange.usecases.checking import Checked, EpochId, check_items, epochs_of
from bp_kit.logs import described, get_logger

_EPOCHS_HELD = 256
_log = get_logger("bp_exchange.link")

Item = link_service_pb2.Item


class ItemIntake:
    """Items that a peer sends.

    Args:
        house: The exchange.
        peer: From whom.
    """

    def __init__(self, house: House, peer: str) -> None:
        self._house = house
        self._peer = peer
        # Opening one takes longer than opening an envelope.
        self._epochs: dict[EpochId, bytes] = {}

    async def take(self, batch: Sequence[Item]) -> Checked:
        """Stores a batch; what is neither stored nor refused when it returns does not exist.

        Raises:
            OperationalError, InterfaceError, OSError: The database or the disk cannot now; the peer gives it again.
        """
        try:
            return await self._store(batch)
        except (OperationalError, InterfaceError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - one item that nobody foresaw must not hold up the lane for ever
            _log.error("link.batch_failed", peer=self._peer, items=len(batch), **described(error))
            if len(batch) == 1:
                return Checked(refused={batch[0].position: Ground.NOT_STORABLE})
        whole = Checked()
        for item in batch:
            one = await self.take([item])
            whole.envelopes += one.envelopes
            whole.receipts += one.receipts
            whole.batches += one.batches
            whole.lists += one.lists
            whole.grants += one.grants
            whole.refused |= one.refused
        return whole

    async def _learn(self, needed: set[EpochId]) -> None:
        missing = needed - set(self._epochs)
        if not missing:
            return
        if len(self._epochs) > _EPOCHS_HELD:
            self._epochs.clear()
        async with self._house.database.read() as session:
            found = await granted_keys(session, missing | needed - set(self._epochs))
        for (sender_node, epoch), wrapped in found.items():
            key = await asyncio.to_thread(granted_key, sender_node, epoch, wrapped, self._house.keys)
            if key:
                self._epochs[sender_node, epoch] = key

    @unbroken
    async def _store(self, batch: Sequence[Item]) -> Checked:
        house = self._house
        await self._learn(epochs_of(batch, house.keys.node_id))
        checked = await asyncio.to_thread(
            check_items,
            batch,
            peer=self._peer,
            directory=house.register.directory,
            keys=house.keys,
            epochs=self._epochs,
        )
        if checked.holds_anything:
            async with house.transaction() as work:
                await store(work, self._peer, checked)
        return checked
