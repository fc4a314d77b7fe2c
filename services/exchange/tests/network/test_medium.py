"""The link is cut for good; everything travels by stick. Then it comes back, and nothing doubles."""

import asyncio
import os
import random

import grpc
import pytest
from net import Network, eventually, message
from stick import MIB, arrived, blocks_of, carry, export, lane, lanes_of, medium_of, put, take

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import DeliveryRow, EnvelopeRow, QueueRow, WantedFileRow

# Item by item, as the first release sends them; test_batches.py has the second.
FIRST_RELEASE = ("ptccc", "fji", "ton")

STATES = topics_pb2.DeliveryState


@pytest.fixture
async def cut(network):
    """No link ever again, unless a test plugs it in."""
    network.fji.cable.unplug()
    network.ton.cable.unplug()

    async def apart():
        links = network.ptccc.exchange.links
        return not links.heard("fji") and not links.heard("ton")

    await eventually(apart)
    return network


async def refused(call, reason):
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    assert reason in str(dict(error.value.trailing_metadata() or ()).get("grpc-status-details-bin", b""))


async def plugged(network):
    network.fji.cable.plug()
    network.ton.cable.plug()
    await network.linked("fji")
    await network.linked("ton")
    for node, peer in (("fji", "ptccc"), ("ton", "ptccc"), ("ptccc", "fji"), ("ptccc", "ton")):
        await network.nodes[node].drained(peer)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_everything_travels_by_stick_both_ways(tmp_path, kind):
    async with Network(tmp_path, kind, FIRST_RELEASE) as network:
        fji, centre, ton = network.fji, network.ptccc, network.ton
        fji.cable.unplug()
        ton.cable.unplug()
        content = os.urandom(3 * MIB)
        blob = await put(fji, content)
        first = message(payload=b"one", blobs=[blob])
        await fji.send(first)
        await fji.send(message(payload=b"two"))

        there = await carry(fji, centre)
        assert (there.from_node, there.stored_items, there.refused_items, there.files) == ("fji", 2, 0, 1)
        assert there.ended
        assert await fji.count(QueueRow, QueueRow.peer == "ptccc") == 0
        onward = await carry(centre, ton)
        assert (onward.stored_items, onward.files) == (2, 1)
        assert await arrived(ton, blob.digest) == content
        assert await ton.count(WantedFileRow) == 0
        deliveries = await ton.receive(2)
        assert [one.message.payload for one in deliveries] == [b"one", b"two"]

        await ton.send(message("countries/TON/units/ncb", ["countries/FJI/units/ncb"], payload=b"thanks"))
        await carry(ton, centre)
        await carry(centre, fji)
        receipts, replies = [], []
        # QUEUED, SENT, ACCEPTED and DELIVERED of two messages, and one reply.
        for delivery in await fji.receive(9):
            (receipts if delivery.HasField("receipt") else replies).append(delivery)
        assert [one.message.payload for one in replies] == [b"thanks"]
        climbed = [one.receipt.state for one in receipts if one.receipt.message_id == first.message_id]
        assert climbed == [
            STATES.DELIVERY_STATE_QUEUED,
            STATES.DELIVERY_STATE_SENT,
            STATES.DELIVERY_STATE_ACCEPTED,
            STATES.DELIVERY_STATE_DELIVERED,
        ]

        await plugged(network)
        assert await ton.count(DeliveryRow, DeliveryRow.envelope_id != "") == 0
        assert await fji.count(DeliveryRow, DeliveryRow.envelope_id != "") == 0
        for node in (fji, ton, centre):
            assert await node.count(EnvelopeRow) == 3


async def test_an_export_clears_nothing(cut):
    await cut.fji.send(message())
    first, second = await export(cut.fji), await export(cut.fji)
    assert len(blocks_of(first)) == len(blocks_of(second)) == 2
    assert await cut.fji.count(QueueRow, QueueRow.peer == "ptccc") == 1
    cut.fji.cable.plug()
    await cut.fji.drained("ptccc")
    assert (await take(cut.ptccc, first)).stored_items == 1
    assert await cut.ptccc.count(EnvelopeRow) == 1
    assert await cut.ptccc.count(QueueRow, QueueRow.peer == "ton") == 1


async def test_blocks_may_come_in_any_order_and_often(cut):
    content = os.urandom(MIB)
    blob = await put(cut.fji, content)
    for number in range(150):
        await cut.fji.send(message(payload=str(number).encode(), conversation="", receipts=False))
    await cut.fji.send(message(payload=b"with a file", blobs=[blob], conversation="", receipts=False))
    blocks = blocks_of(await export(cut.fji))
    shuffled = blocks * 2
    random.Random(4).shuffle(shuffled)
    answers = [await take(cut.ptccc, medium_of([block])) for block in shuffled]
    answers.append(await take(cut.ptccc, medium_of(blocks)))
    assert sum(answer.files for answer in answers) == 1
    assert await cut.ptccc.count(EnvelopeRow) == 151
    random.Random(5).shuffle(answers)
    for answer in answers:
        if answer.acknowledgement:
            await take(cut.fji, answer.acknowledgement)
    assert await cut.fji.count(QueueRow, QueueRow.peer == "ptccc") == 0
    await take(cut.fji, answers[0].acknowledgement or medium_of(blocks_of(answers[-1].acknowledgement)))
    await carry(cut.ptccc, cut.ton)
    got = {one.message.payload for one in await cut.ton.receive(151)}
    assert len(got) == 151
    assert await arrived(cut.ton, blob.digest) == content


async def test_a_truncated_medium_gives_what_is_whole_and_is_resumed(cut):
    content = os.urandom(3 * MIB)
    blob = await put(cut.fji, content)
    await cut.fji.send(message(blobs=[blob]))
    medium = await export(cut.fji)
    part = await take(cut.ptccc, medium[: len(medium) // 2])
    assert part.truncated
    assert not part.ended
    assert (part.stored_items, part.files) == (1, 0)
    whole = await take(cut.ptccc, medium)
    assert not whole.truncated
    assert (whole.stored_items, whole.files) == (1, 1)


async def test_what_was_changed_on_its_way_is_left_and_the_rest_taken(cut):
    for number in range(100):
        await cut.fji.send(message(payload=str(number).encode(), receipts=False))
    medium = await export(cut.fji)
    blocks = blocks_of(medium)
    assert len(blocks) == 3
    changed = bytearray(blocks[0])
    changed[len(changed) // 2] ^= 1
    answer = await take(cut.ptccc, medium_of([bytes(changed), *blocks[1:]]))
    assert (answer.damaged_blocks, answer.stored_items) == (1, 36)
    await take(cut.fji, answer.acknowledgement)
    assert await cut.fji.count(QueueRow, QueueRow.peer == "ptccc") == 64
    await refused(take(cut.ptccc, medium_of([bytes(changed)])), "MEDIUM_DAMAGED")


async def test_what_is_no_medium_for_this_node_changes_nothing(cut, tmp_path):
    await cut.fji.send(message())
    medium = await export(cut.fji)
    await refused(take(cut.ton, medium), "MEDIUM_SENDER_NOT_TRUSTED")
    await refused(take(cut.ton, await export(cut.ptccc, "fji")), "MEDIUM_FOR_ANOTHER_NODE")
    for junk in (b"", b"BPMED", b"a photograph " * 10_000, b"BPMEDIUM2\n" + medium[10:]):
        await refused(take(cut.ptccc, junk), "MEDIUM_UNREADABLE")
    await refused(take(cut.ptccc, medium[:10]), "MEDIUM_DAMAGED")
    await refused(take(cut.ptccc, medium[:10] + b"\xff" * 5000), "MEDIUM_DAMAGED")
    (tmp_path / "other").mkdir()
    async with Network(tmp_path / "other") as other:
        await refused(take(other.ptccc, medium), "MEDIUM_OF_ANOTHER_NETWORK")
    assert await cut.ptccc.count(EnvelopeRow) == 0
    assert await cut.ton.count(EnvelopeRow) == 0


async def test_only_administrators_of_the_nodes_country_carry(cut):
    await refused(export(cut.fji, country="TON"), "PERMISSION_DENIED")
    await refused(export(cut.fji, "ton"), "NOT_FOUND")


async def test_a_revoked_node_gives_and_gets_nothing(cut):
    await cut.fji.send(message())
    await cut.ptccc.send(message("countries/WSM", ["countries/FJI/units/ncb"]))
    medium = await export(cut.fji)
    await cut.ptccc.revoke("fji")
    await refused(export(cut.ptccc, "fji"), "NOT_FOUND")
    await refused(take(cut.ptccc, medium), "MEDIUM_SENDER_NOT_TRUSTED")
    assert (await lane(cut.ptccc, "fji")).revoked


async def test_a_stick_reaches_a_node_that_never_had_a_link(cut):
    """Samoa's customs enrols, and never dials; the stick brings it a register that knows whoever came after it."""
    cook = await cut.add("cok", "COK")
    await cut.enrol("cok")
    late = await cut.add("niu", "NIU")
    await cut.enrol("niu")
    cook.cable.unplug()
    late.cable.unplug()
    await cook.start()
    await late.start()
    assert (await carry(cut.ptccc, late)).register is False
    assert (await take(cook, await export(cut.ptccc, "cok"))).register
    await cook.send(message("countries/COK/units/ncb", ["countries/NIU/units/ncb"], payload=b"kia orana"))
    await carry(cook, cut.ptccc)
    await carry(cut.ptccc, late)
    (delivery,) = await late.receive()
    assert delivery.message.payload == b"kia orana"


async def test_a_file_may_come_by_link_and_by_stick_at_once(network):
    content = os.urandom(6 * MIB)
    blob = await put(network.fji, content)
    network.ton.cable.unplug()
    await network.fji.send(message(blobs=[blob]))
    await network.fji.drained("ptccc")
    await eventually(lambda: has_file(network.ptccc))
    medium = await export(network.ptccc, "ton")
    network.ton.cable.plug()
    _, answer = await asyncio.gather(network.ton.receive(), take(network.ton, medium, 10_000))
    assert answer.stored_items == 1
    assert await arrived(network.ton, blob.digest) == content
    await network.ptccc.drained("ton")

    async def nothing_is_wanted():
        return not await network.ton.count(WantedFileRow)

    await eventually(nothing_is_wanted)


async def has_file(node):
    answer = await lanes_of(node).GetLanes(pb.GetLanesRequest(), metadata=node.token("auditor"))
    return not any(one.incoming.files for one in answer.lanes)


async def test_a_lane_says_what_waits_and_how_long_it_takes(network):
    """Its rate is what the peer acknowledged when something substantial was last sent."""
    await network.fji.send(message(payload=os.urandom(200_000), receipts=False))
    await network.fji.drained("ptccc")

    async def measured():
        return (await lane(network.fji)).outgoing.bytes_per_second

    await eventually(measured)
    network.fji.cable.unplug()
    await network.fji.send(message(payload=os.urandom(100_000), urgency=handling_pb2.URGENCY_FLASH))
    await network.fji.send(message(urgency=handling_pb2.URGENCY_BULK))
    shown = await lane(network.fji)
    waiting = [(one.urgency, one.count) for one in shown.outgoing.waiting]
    assert waiting == [(handling_pb2.URGENCY_FLASH, 1), (handling_pb2.URGENCY_BULK, 1)]
    assert shown.outgoing.waiting[0].size_bytes > 100_000
    total = sum(one.size_bytes for one in shown.outgoing.waiting)
    assert shown.outgoing.drain_seconds == -(-total // shown.outgoing.bytes_per_second)
    assert shown.outgoing.HasField("oldest_time")
    assert shown.HasField("last_contact_time")


async def test_what_a_person_sets_aside_waits_and_says_nothing_to_its_sender(cut):
    stuck, behind = message(payload=b"stuck"), message(payload=b"behind")
    await cut.fji.send(stuck)
    await cut.fji.send(behind)
    shown = await lane(cut.fji)
    assert shown.outgoing.next_item_id == stuck.message_id
    administrator = cut.fji.token("administrator")
    request = pb.SetItemAsideRequest(peer="ptccc", item_id=stuck.message_id, reason="breaks their release")
    item = await lanes_of(cut.fji).SetItemAside(request, metadata=administrator)
    assert (item.ground, item.reason) == ("BY_HAND", "breaks their release")
    cut.fji.cable.plug()
    cut.ton.cable.plug()
    (delivery,) = await cut.ton.receive()
    assert delivery.message.payload == b"behind"
    assert (await lane(cut.fji)).outgoing.set_aside == 1
    again = pb.RetrySetAsideItemsRequest(peer="ptccc")
    assert (await lanes_of(cut.fji).RetrySetAsideItems(again, metadata=administrator)).count == 1
    (delivery,) = await cut.ton.receive()
    assert delivery.message.payload == b"stuck"
    heard = {one.state for one in await cut.fji.receipts(STATES.DELIVERY_STATE_DELIVERED)}
    assert STATES.DELIVERY_STATE_REFUSED not in heard


async def test_a_file_that_the_link_was_cut_on_is_asked_for_by_stick(network):
    """Its message has come by the link, so nothing is owed any more but the file."""
    content = os.urandom(3 * MIB)
    blob = await put(network.fji, content)
    network.ton.cable.unplug()
    await network.fji.send(message(blobs=[blob]))
    await network.fji.drained("ptccc")
    await eventually(lambda: has_file(network.ptccc))
    carrying = asyncio.create_task(network.ton.cable.carrying("down", MIB // 2))
    network.ton.cable.plug()
    await network.ton.receive()
    await carrying
    network.ton.cable.unplug()
    await eventually(lambda: is_down(network.ton))
    assert not await network.ton.blobs.has(blob.digest)
    await carry(network.ton, network.ptccc)
    answer = await carry(network.ptccc, network.ton)
    assert answer.files == 1
    assert await arrived(network.ton, blob.digest) == content
    # Once it is there, it is not asked for and not carried again.
    await carry(network.ton, network.ptccc)
    assert len(await export(network.ptccc, "ton")) < MIB


async def is_down(node):
    return not node.exchange.links.heard("ptccc")
