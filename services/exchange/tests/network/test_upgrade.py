"""A network of the first release is upgraded while items of that release wait: in the sender's lane, in the centre's, and for a service."""

import asyncio

import pytest
from alembic import command
from net import Network, eventually, message

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import BatchRow, DeliveryRow, EnvelopeRow, QueueRow, RungRow
from bp_kit.migrations import config_for, migrate

NODES = ("ptccc", "fji", "ton")
# The last one of the first release, which knew no envelopes of version 2.
OLD_SCHEMA = "0006"


@pytest.fixture
async def old(tmp_path):
    async with Network(tmp_path, first_release=NODES) as network:
        yield network


async def upgrade(node):
    """Has a node go back to what the first release had on disk, and start as this one on it."""
    url = node.settings.database_url
    await asyncio.to_thread(command.downgrade, config_for("bp_exchange", url), OLD_SCHEMA)
    await migrate("bp_exchange", url)
    node.settings = node.settings.model_copy(update={"wire_version": 2})
    await node.start()


async def understood(node):
    """Returns once a node knows that all understand version 2."""

    async def by_all():
        return node.exchange.house.register.directory.understand(NODES, 2)

    await eventually(by_all)


async def test_items_of_the_first_release_arrive_after_an_upgrade(old):
    ton, fji, ptccc = old.ton, old.fji, old.ptccc
    sent = [message(payload=b"%d" % at, receipts=False) for at in range(6)]
    for one in sent[:2]:
        await fji.send(one)

    # Taken by nobody yet: they wait for the service in Tonga.
    async def both():
        return await ton.count(DeliveryRow, DeliveryRow.service == "cooperation") == 2

    await eventually(both)
    await ptccc.drained("ton")
    ton.cable.unplug()
    for one in sent[2:4]:
        await fji.send(one)
    await fji.drained("ptccc")
    fji.cable.unplug()
    for one in sent[4:]:
        await fji.send(one)
    assert await ptccc.count(QueueRow, QueueRow.peer == "ton") >= 2
    assert await fji.count(QueueRow, QueueRow.peer == "ptccc") == 2
    for node in old.nodes.values():
        assert await node.count(BatchRow) == 0
        await node.stop()

    for node in old.nodes.values():
        await upgrade(node)
    for country in (fji, ton):
        country.cable.plug()
    found = await ton.receive(6)
    assert [one.message.payload for one in found] == [one.payload for one in sent]
    await delivered(fji, sent)
    assert await ton.count(EnvelopeRow, EnvelopeRow.raw.is_not(None)) == 6, "as they were sealed"

    # All have told the centre, and the conversation goes on in version 2.
    for node in old.nodes.values():
        await understood(node)
    last = message(payload=b"6", receipts=False)
    await fji.send(last)
    (one,) = await ton.receive(1)
    assert one.message.payload == b"6"
    await delivered(fji, [*sent, last])
    assert [await node.count(BatchRow) for node in old.nodes.values()] == [1, 1, 1]


async def delivered(node, sent):
    """Returns once a sender has heard that its messages took effect."""
    done = RungRow.state == topics_pb2.DELIVERY_STATE_DELIVERED
    ids = [one.message_id for one in sent]

    async def all_of_them():
        return await node.count(RungRow, done, RungRow.envelope_id.in_(ids)) == len(ids)

    await eventually(all_of_them)
