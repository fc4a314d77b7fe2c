"""A node that went back to an older backup: whatever it lost comes again, and what it sent before is settled by what others know."""

import sqlite3
import uuid
from contextlib import closing

import pytest
from net import eventually, message
from sqlalchemy import select

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import NodeRow, QueueRow, RungRow

STATES = topics_pb2.DeliveryState


def database_of(node):
    return node.settings.database_url.partition(":///")[2]


async def back_up(network, node):
    """As `bluepacific node backup` does it: everything at one moment."""
    kept = network.folder / f"{node.settings.node_id}.backup"
    with closing(sqlite3.connect(database_of(node))) as database, closing(sqlite3.connect(kept)) as copy:
        database.backup(copy)
    return kept


async def restore(network, node, kept):
    """As `bluepacific node restore` does it: the old rows under a new incarnation."""
    await node.stop()
    with closing(sqlite3.connect(kept)) as copy, closing(sqlite3.connect(database_of(node))) as database:
        copy.backup(database)
        database.execute("UPDATE node SET incarnation = ?, sequence = 0, restored = 1", (str(uuid.uuid4()),))
        database.commit()
    await node.start()


async def state_at(node, sent):
    async with node.exchange.house.database.read() as session:
        return await session.scalar(select(RungRow.state).where(RungRow.envelope_id == sent.message_id))


@pytest.mark.parametrize("late", ["ton", "ptccc"])
async def test_what_a_restored_node_lost_comes_again(network, late):
    """Tonga lost what had taken effect there; or the centre forgot what it had relayed."""
    before, lost = message(payload=b"before"), message(payload=b"lost")
    await network.fji.send(before)
    await network.ton.receive()
    node = network.nodes[late]
    kept = await back_up(network, node)
    await network.fji.send(lost)
    await network.ton.receive()
    await restore(network, node, kept)
    if late == "ton":
        (again,) = await network.ton.receive()
        assert again.message.message_id == lost.message_id
    for sent in (before, lost):

        async def delivered(sent=sent):
            return await state_at(network.fji, sent) == STATES.DELIVERY_STATE_DELIVERED

        await eventually(delivered, 60)


async def test_what_a_restored_node_sent_is_settled_by_what_others_know(network):
    """Fiji's queue is as it was before its message left; Tonga has had it for long."""
    network.fji.cable.unplug()
    sent = message()
    await network.fji.send(sent)
    kept = await back_up(network, network.fji)
    network.fji.cable.plug()
    await network.ton.receive()
    await restore(network, network.fji, kept)
    assert await state_at(network.fji, sent) == STATES.DELIVERY_STATE_QUEUED

    async def delivered():
        return await state_at(network.fji, sent) == STATES.DELIVERY_STATE_DELIVERED

    await eventually(delivered, 60)
    assert not await network.fji.count(NodeRow, NodeRow.restored)


async def test_what_was_lost_between_two_nodes_when_the_centre_went_back(network):
    """The centre had taken Fiji's message and lost it before Tonga came; nobody else knows that Tonga misses it."""
    network.ton.cable.unplug()
    kept = await back_up(network, network.ptccc)
    sent = message()
    await network.fji.send(sent)

    async def relayed():
        return await state_at(network.fji, sent) == STATES.DELIVERY_STATE_SENT

    await eventually(relayed, 60)
    await restore(network, network.ptccc, kept)
    network.ton.cable.plug()
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload == sent.payload


async def test_a_message_that_its_service_hands_in_again_after_a_restore(network):
    """The node forgot it and seals it anew; the relay knows it in its first form, and Tonga has had it."""
    kept = await back_up(network, network.fji)
    sent = message()
    await network.fji.send(sent)
    await network.ton.receive()
    await restore(network, network.fji, kept)
    await network.fji.send(sent)

    async def delivered():
        return await state_at(network.fji, sent) == STATES.DELIVERY_STATE_DELIVERED

    await eventually(delivered, 60)
    assert not await network.fji.count(QueueRow, QueueRow.set_aside != "")
    follow = message(payload=b"follows")
    await network.fji.send(follow)
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload == b"follows"
