"""A node or a unit is revoked while it is connected and while things wait for it."""

import asyncio
import contextlib
import uuid

import pytest
from net import eventually, message

from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import exchange_service_pb2_grpc as exchange_grpc
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import EnvelopeRow, QueueRow, RungRow
from bp_exchange.usecases import bells

STATES = topics_pb2.DeliveryState
# What the exchange promises; a busy machine is told apart by the events that are awaited, not by this.
CUT_SECONDS = 60


async def revoke_unit(network, node_id, unit):
    stub = exchange_grpc.ExchangeServiceStub(network.ptccc.people)
    request = exchange_pb2.RevokeNodeRequest(node_id=node_id, unit=unit)
    await stub.RevokeNode(request, metadata=network.ptccc.token("administrator"))


async def until_refused(node, *sent):
    """Returns the grounds with which messages came back."""
    grounds = {}
    async with asyncio.timeout(60):
        while len(grounds) < len(sent):
            (delivery,) = await node.receive()
            receipt = delivery.receipt
            if delivery.HasField("receipt") and receipt.state == STATES.DELIVERY_STATE_REFUSED:
                grounds[receipt.message_id] = receipt.ground
    return [grounds[one.message_id] for one in sent]


async def test_a_peer_that_is_busy_sending_is_cut_when_the_list_arrives(network):
    async def chatter():
        while True:
            await network.ton.send(message(author="countries/TON/units/ncb", recipients=["countries/FJI/units/ncb"]))
            await asyncio.sleep(0)

    talking = asyncio.create_task(chatter())
    try:
        await network.fji.receive()
        link = network.ptccc.exchange.links.to("ton")
        await network.ptccc.revoke("ton")

        async def cut():
            return network.ptccc.exchange.links.to("ton") is not link

        await eventually(cut, CUT_SECONDS)
        register = network.fji.exchange.house.register
        await network.fji.until(lambda: register.directory.trusted("ton") is None, bells.REGISTER_CURRENT)

        async def dialled_in_vain():
            return network.ton.exchange.links.heard("ptccc") is None

        await eventually(dialled_in_vain, CUT_SECONDS)
        assert network.ptccc.exchange.links.heard("ton") is None
    finally:
        talking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await talking


async def test_what_waits_for_a_revoked_node_comes_back_with_the_ground(network):
    """One message waits at the centre, one in Fiji; neither is exported or relayed, and their sender hears why."""
    network.ton.cable.unplug()
    at_centre = message()
    await network.fji.send(at_centre)
    await network.fji.drained("ptccc")
    network.fji.cable.unplug()
    at_home = message(message_id=str(uuid.uuid4()), conversation="countries/FJI/requests/2")
    await network.fji.send(at_home)
    await network.ptccc.revoke("ton")

    async def empty():
        return await network.ptccc.count(QueueRow, QueueRow.peer == "ton") == 0

    await eventually(empty, 60)
    assert await network.ptccc.count(EnvelopeRow, EnvelopeRow.raw.is_not(None)) == 0, "the relay forgot its bytes"
    network.fji.cable.plug()
    assert await until_refused(network.fji, at_centre, at_home) == ["REVOKED_RECIPIENT"] * 2
    await network.fji.drained("ptccc")


async def test_what_a_revoked_node_had_sent_is_refused_by_who_gets_it(network):
    network.fji.cable.unplug()
    sent = message(author="countries/TON/units/ncb", recipients=["countries/FJI/units/ncb"])
    await network.ton.send(sent)
    await network.ton.drained("ptccc")
    await network.ptccc.revoke("ton")
    network.fji.cable.plug()

    async def both_refused():
        """The message, and the key of the epoch it was sealed in."""
        return await network.ptccc.count(QueueRow, QueueRow.peer == "fji", QueueRow.set_aside == "REVOKED_SENDER") == 2

    await eventually(both_refused, 60)
    assert await network.fji.count(EnvelopeRow) == 0
    assert await network.ptccc.count(QueueRow, QueueRow.peer == "ton") == 0, "nobody tells the revoked anything"


@pytest.mark.parametrize("waits", ["at the centre", "at home"])
async def test_a_revoked_unit_is_out_and_the_other_units_go_on(network, waits):
    unit = "countries/TON/units/tcu"
    (network.ton if waits == "at the centre" else network.fji).cable.unplug()
    sent = message(recipients=[unit, "countries/TON/units/ncb"])
    await network.fji.send(sent)
    if waits == "at the centre":
        await network.fji.drained("ptccc")
    await revoke_unit(network, "ton", unit)
    (network.ton if waits == "at the centre" else network.fji).cable.plug()
    assert await until_refused(network.fji, sent) == ["REVOKED_RECIPIENT"]
    (delivery,) = await network.ton.receive()
    assert delivery.message.message_id == sent.message_id


async def test_what_a_revoked_unit_writes_is_refused(network):
    await network.ton.stop()
    await revoke_unit(network, "ton", "countries/TON/units/tcu")
    node = network.ton
    network.ton.cable.unplug()
    await node.start()
    sent = message(author="countries/TON/units/tcu", recipients=["countries/FJI/units/ncb"])
    await node.send(sent)
    network.ton.cable.plug()

    async def refused():
        return await node.count(RungRow, RungRow.ground == "REVOKED_UNIT")

    assert await eventually(refused, 60) == 1
