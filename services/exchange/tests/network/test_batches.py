"""The second release's envelopes between real nodes: what waits together travels together, and each message stands for itself."""

from datetime import timedelta

import pytest
from net import Network, eventually, message
from proof_files import OFFICER, export, refused, root_of
from sqlalchemy import delete, func, select, update
from stick import carry

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import proof_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import (
    BatchRow,
    DeliveryRow,
    EnvelopeRow,
    GivenEpochRow,
    GrantedEpochRow,
    NodeRow,
    QueueRow,
    ReceiptRow,
    RungRow,
)
from bp_exchange.workers.housekeeping import EpochKeeper
from bp_kit.ports import new_id
from bp_verify.checking import check_proof

STATES = topics_pb2.DeliveryState


async def delivered(node, count):
    """Returns once a sender has heard that so many of its messages took effect."""

    async def all_of_them():
        done = RungRow.state == STATES.DELIVERY_STATE_DELIVERED
        return await node.count(RungRow, done) == count

    await eventually(all_of_them, 60)


async def erase(node, *ids):
    await node.topics.EraseContent(topics_pb2.EraseContentRequest(service="cooperation", message_ids=ids))


async def sent_together(network, count):
    """Messages that waited together in Fiji for Tonga, and have taken effect there."""
    network.fji.cable.unplug()
    found = [message(payload=b"%d" % at, receipts=False) for at in range(count)]
    for one in found:
        await network.fji.send(one)
    network.fji.cable.plug()
    await network.ton.receive(count)
    await delivered(network.fji, count)
    return found


async def test_what_waits_together_travels_together(network):
    network.fji.cable.unplug()
    sent = [message(payload=b"%d" % at, receipts=False) for at in range(30)]
    for one in sent:
        await network.fji.send(one)
    assert await network.fji.count(BatchRow) == 0, "nothing is sealed before it can go"
    network.fji.cable.plug()
    found = await network.ton.receive(30)
    assert [one.message.payload for one in found] == [b"%d" % at for at in range(30)]
    await delivered(network.fji, 30)
    for node in network.nodes.values():
        assert await node.count(BatchRow) == 1
    assert await network.ptccc.count(EnvelopeRow) == 0, "a relay sees no messages"
    assert await network.ton.count(ReceiptRow) <= 31
    async with network.ton.exchange.house.database.read() as session:
        assert await session.scalar(select(BatchRow.raw)) is None, "opened, and kept message by message"
    for node, peer in ((network.fji, "ptccc"), (network.ton, "ptccc"), (network.ptccc, "ton")):
        await node.drained(peer)


async def test_on_an_idle_link_a_message_goes_alone_at_once(network):
    for at in range(2):
        await network.fji.send(message(payload=b"%d" % at, receipts=False))
        await network.ton.receive()
    assert await network.ton.count(BatchRow) == 2
    assert await network.ton.count(GrantedEpochRow) == 1


async def test_order_holds_across_envelopes_and_urgencies(network):
    """What was sealed as BULK and waits at the centre is not overtaken by a FLASH of its conversation."""
    network.ton.cable.unplug()
    await network.fji.send(message(payload=b"0", urgency=handling_pb2.URGENCY_BULK, receipts=False))
    await network.fji.drained("ptccc")
    await network.fji.send(message(payload=b"other", conversation="other", receipts=False))
    await network.fji.send(message(payload=b"1", urgency=handling_pb2.URGENCY_FLASH, receipts=False))
    await network.fji.drained("ptccc")
    network.ton.cable.plug()
    found = [one.message.payload for one in await network.ton.receive(3)]
    assert found.index(b"0") < found.index(b"1")
    assert found[-1] == b"other"


async def test_one_message_of_many_is_proven_alone(network):
    sent = await sent_together(network, 5)
    root = await root_of(network.ptccc)
    for node in (network.ton, network.fji):
        raw = await export(node, sent[3].message_id)
        report = check_proof(raw, root)
        assert report.holds, report.faults
        assert (report.envelope.position, report.envelope.count, report.content) == (3, 5, None)
        assert [one.state for one in report.receipts] == ["ACCEPTED", "DELIVERED"]
        assert sent[2].message_id.replace("-", "") not in raw.hex(), "nothing of its neighbours"
    with_content = await export(network.ton, sent[3].message_id, with_content=True)
    assert check_proof(with_content, root).content.payload_bytes == 1
    await refused(export(network.fji, sent[3].message_id, with_content=True), "CONTENT_NOT_HERE")
    await refused(export(network.ton, sent[3].message_id, OFFICER, country="WSM"), "NOT_FOUND")


CHANGES = {
    "header": "envelope",
    "ciphertext_sha256": "envelope",
    "signature": "envelope",
    "inner_signature": "message",
    "head": "message",
    "head_salt": "message",
    "content_digest": "message",
    "content": "content",
    "content_salt": "content",
}


async def test_each_changed_part_of_a_proof_is_named(network):
    sent = await sent_together(network, 3)
    root = await root_of(network.ptccc)
    raw = await export(network.ton, sent[1].message_id, with_content=True)
    keys = network.ton.exchange.house.keys
    for field, part in CHANGES.items():
        proof = proof_pb2.Proof.FromString(proof_pb2.ProofFile.FromString(raw).proof)
        held = getattr(proof.message, field)
        setattr(proof.message, field, held[:-1] + bytes([held[-1] ^ 1]))
        assert part in named(proof, keys, root), field
    for field in ("position", "count"):
        proof = proof_pb2.Proof.FromString(proof_pb2.ProofFile.FromString(raw).proof)
        setattr(proof.message, field, getattr(proof.message, field) + 1)
        assert "message" in named(proof, keys, root), field
    proof = proof_pb2.Proof.FromString(proof_pb2.ProofFile.FromString(raw).proof)
    proof.stated[0].signature = bytes(64)
    assert "receipt 1" in named(proof, keys, root)
    del proof.stated[0]
    assert named(proof, keys, root) == {"receipts"}


def named(proof, keys, root):
    """Which parts are wrong, where the exporting node itself changed them."""
    from bp_verify.seals import proof_signed

    raw = proof.SerializeToString(deterministic=True)
    file = proof_pb2.ProofFile(proof=raw, signature=keys.sign.sign(proof_signed(raw)))
    return {fault.part for fault in check_proof(file.SerializeToString(deterministic=True), root).faults}


async def test_erased_content_is_gone_and_its_neighbours_are_not(network):
    sent = await sent_together(network, 3)
    root = await root_of(network.ptccc)
    await erase(network.ton, sent[1].message_id)
    await refused(export(network.ton, sent[1].message_id, with_content=True), "CONTENT_NOT_HERE")
    report = check_proof(await export(network.ton, sent[1].message_id), root)
    assert report.holds, report.faults
    assert check_proof(await export(network.ton, sent[0].message_id, with_content=True), root).content
    async with network.fji.exchange.house.database.read() as session:
        assert await session.scalar(select(func.length(BatchRow.raw))) > 0
    await erase(network.fji, sent[1].message_id)
    async with network.fji.exchange.house.database.read() as session:
        assert await session.scalar(select(BatchRow.raw)) is None
    assert check_proof(await export(network.fji, sent[1].message_id), root).holds


async def test_what_is_not_sealed_yet_is_taken_back(network):
    network.fji.cable.unplug()
    sent = message()
    await network.fji.send(sent)
    await erase(network.fji, sent.message_id)
    assert await network.fji.count(QueueRow) == 0
    found = await network.fji.receipts(until=STATES.DELIVERY_STATE_RECALLED)
    assert len(found) == 2


async def test_who_lost_an_epochs_key_asks_for_it_and_nothing_is_lost(network):
    """Tonga comes back from a backup that is older than the epoch."""
    await network.fji.send(message(payload=b"before", receipts=False))
    await network.ton.receive()
    await network.ton.stop()
    await network.ton.start()
    async with network.ton.exchange.house.database.write() as session:
        await session.execute(delete(GrantedEpochRow))
    await network.fji.send(message(payload=b"after", receipts=False))
    (found,) = await network.ton.receive()
    assert found.message.payload == b"after"
    await delivered(network.fji, 2)
    assert await network.ton.count(BatchRow, BatchRow.awaited != "") == 0


async def test_an_epochs_key_is_dropped_when_nothing_can_come_for_it(network):
    """The recipient's a month after the next epoch began, the sender's after more than a year; never one under which something is owed."""
    for days in (0, 2):
        await later(network, timedelta(days=days))
        await network.fji.send(message(receipts=False))
        await network.ton.receive()
    await delivered(network.fji, 2)
    assert await kept_keys(network) == (2, 2)
    await later(network, timedelta(days=31))
    assert await kept_keys(network) == (2, 2)
    await later(network, timedelta(days=33))
    assert await kept_keys(network) == (2, 1)
    async with network.fji.exchange.house.database.write() as session:
        await session.execute(update(RungRow).values(state=STATES.DELIVERY_STATE_SENT))
    await later(network, timedelta(days=403))
    assert await kept_keys(network) == (2, 1)
    async with network.fji.exchange.house.database.write() as session:
        await session.execute(update(RungRow).values(state=STATES.DELIVERY_STATE_DELIVERED))
    assert await kept_keys(network) == (1, 1)


async def later(network, ahead):
    """Moves everybody's clock on."""
    for node in (network.ptccc, network.fji, network.ton):
        node.ahead = ahead


async def kept_keys(network):
    """Returns how many keys Fiji has given to Tonga, and Tonga has of Fiji's, once both have looked."""
    for node in (network.fji, network.ton):
        await EpochKeeper(node.exchange.house).drop()
    given = await network.fji.count(GivenEpochRow, GivenEpochRow.node_id == "ton")
    return given, await network.ton.count(GrantedEpochRow, GrantedEpochRow.sender_node == "fji")


async def test_a_repeat_in_another_envelope_takes_no_effect_and_is_no_refusal(network):
    """Fiji lost that it had sent it, by a restore, and its service sends it again."""
    sent = message()
    await network.fji.send(sent)
    await network.ton.receive()
    await network.fji.receipts(until=STATES.DELIVERY_STATE_DELIVERED)
    async with network.fji.exchange.house.database.write() as session:
        for table in (EnvelopeRow, BatchRow, RungRow, ReceiptRow, DeliveryRow):
            await session.execute(delete(table))
        (await session.scalars(select(NodeRow))).one().incarnation = new_id()
    await network.fji.send(sent)
    found = await network.fji.receipts(until=STATES.DELIVERY_STATE_DELIVERED)
    assert STATES.DELIVERY_STATE_REFUSED not in {one.state for one in found}
    assert await network.ton.count(DeliveryRow) == 0
    assert await network.ton.count(EnvelopeRow) == 1


async def test_another_text_under_a_known_id_is_refused(network):
    sent = message()
    await network.fji.send(sent)
    await network.ton.receive()
    await network.fji.receipts(until=STATES.DELIVERY_STATE_DELIVERED)
    async with network.fji.exchange.house.database.write() as session:
        for table in (EnvelopeRow, BatchRow, RungRow, ReceiptRow, DeliveryRow):
            await session.execute(delete(table))
        (await session.scalars(select(NodeRow))).one().incarnation = new_id()
    await network.fji.send(message(message_id=sent.message_id, payload=b"something else"))
    found = await network.fji.receipts(until=STATES.DELIVERY_STATE_REFUSED)
    assert found[-1].ground == "DIGEST_DIFFERS"


async def test_all_of_it_travels_by_stick(network):
    network.fji.cable.unplug()
    network.ton.cable.unplug()
    for at in range(3):
        await network.fji.send(message(payload=b"%d" % at, receipts=False))
    for giver, taker in ((network.fji, network.ptccc), (network.ptccc, network.ton)):
        assert (await carry(giver, taker)).stored_items == 2
    found = await network.ton.receive(3)
    assert [one.message.payload for one in found] == [b"0", b"1", b"2"]
    await carry(network.ton, network.ptccc)
    await carry(network.ptccc, network.fji)
    await delivered(network.fji, 3)


@pytest.mark.parametrize("first_release", [("ton",), ("fji",), ("ptccc",)], ids=lambda nodes: nodes[0])
async def test_the_last_release_and_this_one_understand_each_other(tmp_path, first_release):
    async with Network(tmp_path, first_release=first_release) as network:
        await network.fji.send(message(recipients=["countries/TON/units/ncb", "countries/WSM"]))
        await network.ton.send(message(author="countries/TON", recipients=["countries/FJI", "countries/WSM"]))
        await network.fji.receive(5)
        await network.ton.receive(5)
        await network.ptccc.receive(2)
        batches = await network.ptccc.count(BatchRow)
        assert batches == 0, "one that not all of its nodes understand goes as the last release's"
        await network.fji.send(message(recipients=["countries/WSM"], receipts=False))
        await network.ptccc.receive()
        assert await network.ptccc.count(BatchRow) == (1 if first_release == ("ton",) else 0)


async def test_batches_on_postgres(tmp_path):
    async with Network(tmp_path, "postgres") as network:
        sent = await sent_together(network, 4)
        report = check_proof(await export(network.ton, sent[2].message_id), await root_of(network.ptccc))
        assert report.holds, report.faults
