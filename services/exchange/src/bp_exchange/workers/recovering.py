"""Tells the others when this node went back to an older backup, and takes what exchanges tell each other of such a loss."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import link_service_pb2, recovery_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.bells import woken
from bp_exchange.adapters.deliveries import DeliveryReader
from bp_exchange.adapters.item_intake import ItemIntake
from bp_exchange.adapters.past import SqlPast
from bp_exchange.adapters.reads import SqlReads
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.usecases import bells
from bp_exchange.usecases.delivering import acknowledge
from bp_exchange.usecases.reading import TOPIC as READS
from bp_exchange.usecases.reading import keep_reported
from bp_exchange.usecases.recovering import SERVICE, announce, recover
from bp_kit.logs import get_logger
from bp_kit.rounds import come_round

_LOOK = timedelta(minutes=1)
_AT_ONCE = 10
_log = get_logger("bp_exchange.recovering")


class Recovering:
    """Takes the messages that exchanges send each other; a worker.

    Args:
        house: The exchange.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._reader = DeliveryReader(house.database, house.seams.clock)

    async def run(self) -> None:
        """Works until cancelled."""
        wake = asyncio.Event()
        names = (bells.deliveries_of(SERVICE), bells.REGISTER_CURRENT)
        with self._house.bells.listening(wake.set, *names):
            await come_round("exchange.recovering", self._come_round, _LOOK, rest=partial(woken, wake))

    async def _come_round(self) -> None:
        await self._announce()
        await self._take_all()

    @unbroken
    async def _announce(self) -> None:
        house = self._house
        async with house.database.read() as session:
            due = await SqlPast(session, house.keys.node_id).is_restored()
        if not due or house.register.current is None:
            return
        _log.warning("recovering.announced")
        async with house.database.write() as session:
            await announce(await house.on(session), SqlPast(session, house.keys.node_id))

    async def _take_all(self) -> None:
        while waiting := await self._reader.next(SERVICE, given=(), limit=_AT_ONCE):
            for record in waiting:
                delivery = topics_pb2.Delivery.FromString(record.content)
                await self._take(delivery.message, record.delivery_id)

    async def _take(self, message: topics_pb2.Message, delivery_id: str) -> None:
        if message.topic == READS:
            await self._keep_reads(message, delivery_id)
            return
        sender = self._house.register.directory.node_of(message.author)
        try:
            recovery = recovery_pb2.Recovery.FromString(message.payload)
        except DecodeError:
            _log.warning("recovering.malformed")
            recovery = recovery_pb2.Recovery()
        if sender is not None and sender.node_id != self._house.keys.node_id:
            await self._unpack(sender.node_id, recovery)
        await self._recover(sender.node_id if sender else "", recovery, delivery_id)

    @unbroken
    async def _keep_reads(self, message: topics_pb2.Message, delivery_id: str) -> None:
        async with self._house.database.write() as session:
            work = await self._house.on(session)
            await keep_reported(work, SqlReads(session), message)
            await acknowledge(work, SERVICE, delivery_id, "")

    async def _unpack(self, sender: str, recovery: recovery_pb2.Recovery) -> None:
        """Takes envelopes as if the link brought them on which they would have come."""
        house = self._house
        peer = house.register.directory.next_hop(house.keys.node_id, sender)
        items = [link_service_pb2.Item(position=at, envelope=raw) for at, raw in enumerate(recovery.envelopes)]
        if items:
            checked = await ItemIntake(house, peer).take(items)
            _log.info("recovering.taken", items=len(checked.positions), refused=len(checked.refused))

    @unbroken
    async def _recover(self, sender: str, recovery: recovery_pb2.Recovery, delivery_id: str) -> None:
        house = self._house
        async with house.database.write() as session:
            work = await house.on(session)
            if work.directory.trusted(sender):
                await recover(work, SqlPast(session, house.keys.node_id), sender, recovery)
            await acknowledge(work, SERVICE, delivery_id, "")
