"""What a peer refused is set aside, and mended by putting it back: REFUSED is the last word only where the recipient's node said it."""

import hashlib

import pytest
from net import eventually, message
from sqlalchemy import select, update
from stick import carry, export, lane, lanes_of, take

from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import EnvelopeRow, QueueRow, RungRow

# Item by item, as the first release sends them; test_batches.py has the second.
FIRST_RELEASE = ("ptccc", "fji", "ton")

STATES = topics_pb2.DeliveryState


@pytest.fixture
async def cut(network):
    network.fji.cable.unplug()
    network.ton.cable.unplug()

    async def apart():
        links = network.ptccc.exchange.links
        return not links.heard("fji") and not links.heard("ton")

    await eventually(apart)
    return network


async def bytes_of(node, sent):
    async with node.exchange.house.database.read() as session:
        return await session.scalar(select(EnvelopeRow.raw).where(EnvelopeRow.envelope_id == sent.message_id))


async def put_bytes(node, sent, raw):
    """As a disk does that changes what is on it, and whoever mends it."""
    async with node.exchange.house.database.write() as session:
        await session.execute(update(EnvelopeRow).where(EnvelopeRow.envelope_id == sent.message_id).values(raw=raw))


async def state_at(node, sent):
    async with node.exchange.house.database.read() as session:
        return await session.scalar(select(RungRow.state).where(RungRow.envelope_id == sent.message_id))


async def aside_at(node):
    page = await lanes_of(node).ListSetAsideItems(pb.ListSetAsideItemsRequest(), metadata=node.token("administrator"))
    return [(item.peer, item.ground) for item in page.items]


async def retry(node, peer, item_id=""):
    request = pb.RetrySetAsideItemsRequest(peer=peer, item_id=item_id)
    return (await lanes_of(node).RetrySetAsideItems(request, metadata=node.token("administrator"))).count


async def test_a_damaged_envelope_is_refused_and_goes_when_it_is_mended(cut):
    sent, behind = message(), message(payload=b"behind")
    await cut.fji.send(sent)
    await cut.fji.send(behind)
    whole = await bytes_of(cut.fji, sent)
    await put_bytes(cut.fji, sent, whole[:-1] + bytes([whole[-1] ^ 1]))
    answer = await carry(cut.fji, cut.ptccc)
    assert (answer.stored_items, answer.refused_items) == (1, 1)
    assert await aside_at(cut.fji) == [("ptccc", "BAD_SEAL")]
    assert await state_at(cut.fji, sent) == STATES.DELIVERY_STATE_REFUSED
    await put_bytes(cut.fji, sent, whole)
    assert await retry(cut.fji, "ptccc") == 1
    assert await state_at(cut.fji, sent) == STATES.DELIVERY_STATE_QUEUED
    assert (await lane(cut.fji)).outgoing.set_aside == 0
    await carry(cut.fji, cut.ptccc)
    await carry(cut.ptccc, cut.ton)
    await cut.ton.receive(2)
    await carry(cut.ton, cut.ptccc)
    await carry(cut.ptccc, cut.fji)
    assert await state_at(cut.fji, sent) == STATES.DELIVERY_STATE_DELIVERED


async def test_an_old_refusal_says_nothing_of_what_was_put_back(cut):
    """A stick with the refusal comes once more, after the item was mended and put back."""
    sent = message()
    await cut.fji.send(sent)
    whole = await bytes_of(cut.fji, sent)
    await put_bytes(cut.fji, sent, whole[:-1] + bytes([whole[-1] ^ 1]))
    refusal = (await take(cut.ptccc, await export(cut.fji, "ptccc"))).acknowledgement
    await take(cut.fji, refusal)
    await put_bytes(cut.fji, sent, whole)
    assert await retry(cut.fji, "ptccc") == 1
    await take(cut.fji, refusal)
    assert await aside_at(cut.fji) == []
    assert await state_at(cut.fji, sent) == STATES.DELIVERY_STATE_QUEUED
    await put_bytes(cut.fji, sent, whole[:-1] + bytes([whole[-1] ^ 1]))
    await carry(cut.fji, cut.ptccc)
    assert await aside_at(cut.fji) == [("ptccc", "BAD_SEAL")]


async def test_what_could_not_be_relayed_is_mended_at_the_relay(cut):
    """The sender heard REFUSED from the relay; the recipient's own word is worth more."""
    sent = message()
    await cut.fji.send(sent)
    await carry(cut.fji, cut.ptccc)
    whole = await bytes_of(cut.ptccc, sent)
    await put_bytes(cut.ptccc, sent, whole[:-1] + bytes([whole[-1] ^ 1]))
    await carry(cut.ptccc, cut.ton)
    assert await aside_at(cut.ptccc) == [("ton", "BAD_SEAL")]
    await carry(cut.ptccc, cut.fji)
    assert await state_at(cut.fji, sent) == STATES.DELIVERY_STATE_REFUSED
    await put_bytes(cut.ptccc, sent, whole)
    assert await retry(cut.ptccc, "ton", sent.message_id) == 1
    await carry(cut.ptccc, cut.ton)
    await carry(cut.ton, cut.ptccc)
    await carry(cut.ptccc, cut.fji)
    assert await state_at(cut.fji, sent) == STATES.DELIVERY_STATE_ACCEPTED


async def test_a_recipients_own_refusal_stays_whatever_comes_late(cut):
    sent = message()
    await cut.fji.send(sent)
    await carry(cut.fji, cut.ptccc)
    await carry(cut.ptccc, cut.ton)
    accepted = (await lane(cut.ton)).outgoing.next_item_id
    request = pb.SetItemAsideRequest(peer="ptccc", item_id=accepted, reason="late")
    await lanes_of(cut.ton).SetItemAside(request, metadata=cut.ton.token("administrator"))
    await cut.ton.report(sent, STATES.DELIVERY_STATE_REFUSED, "WRONG_UNIT")
    await carry(cut.ton, cut.ptccc)
    await carry(cut.ptccc, cut.fji)
    assert await state_at(cut.fji, sent) == STATES.DELIVERY_STATE_REFUSED
    assert await retry(cut.ton, "ptccc") == 1
    await carry(cut.ton, cut.ptccc)
    assert (await carry(cut.ptccc, cut.fji)).stored_items == 1
    assert await state_at(cut.fji, sent) == STATES.DELIVERY_STATE_REFUSED


async def test_a_poison_item_is_set_aside_and_the_lane_moves_on(network):
    """An envelope was damaged in Fiji's database; the centre refuses it, the next one arrives."""
    network.fji.cable.unplug()
    poison, good = message(payload=b"poison"), message(payload=b"good")
    await network.fji.send(poison)
    await put_bytes(network.fji, poison, hashlib.sha256(b"damaged").digest() * 20)
    await network.fji.send(good)
    network.fji.cable.plug()
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload == b"good"
    found = await network.fji.receipts(until=STATES.DELIVERY_STATE_REFUSED)
    assert (found[-1].message_id, found[-1].ground) == (poison.message_id, "MALFORMED")
    assert await network.fji.count(QueueRow, QueueRow.set_aside == "MALFORMED") == 1
    (link,) = (await network.fji.status()).links
    assert link.set_aside == 1
