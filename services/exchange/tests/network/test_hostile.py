"""What a member with a valid certificate can send, and what becomes of it."""

import uuid

import grpc
import pytest
from net import message
from raw_link import lane_moves_on
from sqlalchemy import select

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2, register_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import BatchRow, EnvelopeRow, QueueRow
from bp_exchange.protocol.receipt import sign_receipt
from bp_exchange.workers.links import TRANSPORT_BYTES

Frame = link_service_pb2.Frame
STATES = topics_pb2.DeliveryState


@pytest.mark.parametrize(
    "hello", [{"node_id": "ton"}, {"node_id": "ptccc"}, {"version": 0}], ids=["another", "the-centre", "too-old"]
)
async def test_a_greeting_that_does_not_fit_ends_the_link(fiji, hello):
    await fiji.greet(**hello)
    await fiji.ended()
    assert fiji.call.done()


async def test_what_is_no_greeting_ends_the_link(fiji):
    await fiji.item(1, envelope=b"x")
    await fiji.ended()
    assert fiji.call.done()


@pytest.mark.parametrize(
    ("kind", "ground"),
    [
        ({"envelope": b""}, "UNKNOWN_VERSION"),
        ({"envelope": b"\xff" * 200}, "MALFORMED"),
        ({"receipt": envelope_pb2.SignedReceipt()}, "UNKNOWN_SENDER"),
        ({}, "MALFORMED"),
    ],
    ids=["empty", "junk", "receipt", "nothing"],
)
async def test_junk_is_refused_by_its_ground(fiji, network, kind, ground):
    await fiji.greet()
    await fiji.item(1, **kind)
    assert await fiji.ground(1) == ground
    await lane_moves_on(fiji, network)


async def test_an_envelope_for_others_names_is_refused(fiji, network):
    await fiji.greet()
    await fiji.item(1, envelope=fiji.envelope(author="countries/TON"))
    assert await fiji.ground(1) == "BAD_AUTHOR"
    await fiji.item(2, envelope=fiji.envelope(recipients=[f"countries/TON/units/u{at}" for at in range(20_000)]))
    assert await fiji.ground(2) == "TOO_MANY_RECIPIENTS"
    await fiji.item(3, envelope=fiji.envelope(conversation="a\0b"))
    assert await fiji.ground(3) == "MALFORMED"
    await lane_moves_on(fiji, network)


async def test_another_nodes_envelope_comes_from_that_node(fiji, network):
    """Fiji hands in an envelope of Tonga's, as it would with one it had recorded."""
    await network.ton.send(message(author="countries/TON", recipients=["countries/WSM"], receipts=False))
    await network.ton.drained("ptccc")
    async with network.ton.exchange.house.database.read() as session:
        (row,) = (await session.execute(EnvelopeRow.__table__.select())).all()
        # By itself, or in a batch.
        raw = row.raw or await session.scalar(select(BatchRow.raw).where(BatchRow.envelope_id == row.batch_id))
    await fiji.greet()
    await fiji.item(1, envelope=raw)
    assert await fiji.ground(1) == "WRONG_RELAY"


async def test_a_replay_is_acknowledged_and_changes_nothing(fiji, network):
    await fiji.greet()
    raw = fiji.envelope(payload=b"once")
    for position in (1, 2, 3):
        await fiji.item(position, envelope=raw)
    stored = []
    while len(stored) < 3:
        stored += (await fiji.read("ack")).stored
    assert stored == [1, 2, 3]
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload == b"once"
    assert await network.ptccc.count(EnvelopeRow) == 1


async def test_another_envelope_under_a_known_id_is_an_alarm(fiji, network):
    await fiji.greet()
    name = str(uuid.uuid4())
    await fiji.item(1, envelope=fiji.envelope(payload=b"first", envelope_id=name))
    assert list((await fiji.read("ack")).stored) == [1]
    await fiji.item(2, envelope=fiji.envelope(payload=b"second", envelope_id=name))
    assert await fiji.ground(2) == "DIGEST_DIFFERS"
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload == b"first"


async def test_a_receipt_for_somebody_elses_unit_is_refused(fiji, network):
    sent = message(author="countries/WSM", recipients=["countries/TON"])
    await network.ptccc.send(sent)
    receipt = topics_pb2.Receipt(
        message_id=sent.message_id, recipient="countries/TON", state=STATES.DELIVERY_STATE_ACTIONED
    )
    name = str(uuid.uuid4())
    await fiji.greet()
    await fiji.item(1, receipt=sign_receipt(receipt, keys=fiji.house.keys, to_node="ptccc", receipt_id=name))
    assert await fiji.ground(1) == "BAD_AUTHOR"


async def test_a_frame_that_is_too_large_ends_the_link_and_nothing_else(fiji, network):
    await fiji.greet()
    await fiji.item(1, envelope=bytes(TRANSPORT_BYTES + 1))
    assert await fiji.ended() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await network.fji.start()
    await network.fji.send(message())
    await network.ton.receive()


async def test_a_countrys_register_is_not_taken(fiji, network):
    before = network.ptccc.exchange.house.register.current
    await fiji.greet()
    await fiji.write(Frame(register=register_pb2.RegisterBundle(register=b"mine")))
    await fiji.ended()
    assert fiji.call.done()
    assert network.ptccc.exchange.house.register.current is before


async def test_odd_words_are_passed_over(fiji, network):
    """Acknowledgements of what was never sent, requests for files that are none, pieces nobody asked for, frames of a later version."""
    await fiji.greet()
    await fiji.write(Frame(ack=link_service_pb2.Ack(stored=[1, 2**63, 2**64 - 1])))
    refused = link_service_pb2.RefusedItem(position=1, ground="\0" * 100)
    await fiji.write(Frame(ack=link_service_pb2.Ack(refused=[refused])))
    for digest in ("", "../../etc/passwd", "a\0b", "ab" * 32):
        await fiji.write(Frame(blob_request=link_service_pb2.BlobRequest(digest=digest, offset=-1)))
        await fiji.write(Frame(blob_request=link_service_pb2.BlobRequest(digest=digest, urgency=77)))
        await fiji.write(Frame(blob_chunk=link_service_pb2.BlobChunk(digest=digest, offset=-5, data=b"x")))
    await fiji.write(Frame.FromString(b"\xfa\x3e\x03abc"))
    await fiji.write(Frame())
    await lane_moves_on(fiji, network)


async def test_too_many_acknowledgements_in_a_frame_end_the_link(fiji):
    await fiji.greet()
    await fiji.write(Frame(ack=link_service_pb2.Ack(stored=range(20_000))))
    await fiji.ended()
    assert fiji.call.done()


async def test_nobody_takes_another_peers_items(fiji, network):
    """Fiji acknowledges positions that are owed to Tonga."""
    network.ton.cable.unplug()
    await network.ptccc.send(message(author="countries/WSM", receipts=False))
    await fiji.greet()
    await fiji.write(Frame(ack=link_service_pb2.Ack(stored=range(1, 100))))
    await fiji.item(1, envelope=b"x")
    await fiji.ground(1)
    assert await network.ptccc.count(QueueRow, QueueRow.peer == "ton") == 1
