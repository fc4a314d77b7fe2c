import pytest
from cable import UP
from net import TOPIC, Network, eventually, message
from sqlalchemy import select

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import BatchRow, DeliveryRow, EnvelopeRow, LogRow, QueueRow
from bp_exchange.protocol.merkle import root_of
from bp_verify.merkle import leaf_hash

STATES = topics_pb2.DeliveryState


def names(receipts):
    return [STATES.Name(one.state).removeprefix("DELIVERY_STATE_") for one in receipts]


async def test_a_message_reaches_the_other_country_through_the_centre(network):
    sent = message()
    await network.fji.send(sent)

    (delivery,) = await network.ton.receive()
    arrived = delivery.message
    assert arrived.message_id == sent.message_id
    assert arrived.topic == TOPIC
    assert arrived.payload == sent.payload
    assert arrived.handling == sent.handling
    assert arrived.author == sent.author
    assert list(arrived.recipients) == list(sent.recipients)


async def test_receipts_climb_the_ladder(network):
    sent = message()
    await network.fji.send(sent)
    await network.ton.receive()
    await network.ton.report(sent, STATES.DELIVERY_STATE_OPENED)
    await network.ton.report(sent, STATES.DELIVERY_STATE_OPENED)
    await network.ton.report(sent, STATES.DELIVERY_STATE_ACTIONED)
    found = await network.fji.receipts(until=STATES.DELIVERY_STATE_ACTIONED)
    assert names(found) == ["QUEUED", "SENT", "ACCEPTED", "DELIVERED", "OPENED", "ACTIONED"]
    assert {one.message_id for one in found} == {sent.message_id}


async def test_a_unit_refuses_with_its_ground(network):
    sent = message()
    await network.fji.send(sent)
    await network.ton.receive()
    await network.ton.report(sent, STATES.DELIVERY_STATE_REFUSED, "NO_LEGAL_BASIS")
    found = await network.fji.receipts(until=STATES.DELIVERY_STATE_REFUSED)
    assert found[-1].ground == "NO_LEGAL_BASIS"


async def test_who_asked_for_no_receipts_gets_none(network):
    await network.fji.send(message(receipts=False))
    await network.ton.receive()
    await network.fji.drained("ptccc")
    await network.ton.drained("ptccc")
    await network.ptccc.drained("fji")
    assert await network.fji.count(DeliveryRow) == 0


async def test_everybody_gets_what_is_for_everybody_once(network):
    sent = message(recipients=["countries/-"])
    await network.fji.send(sent)
    for node in (network.fji, network.ton, network.ptccc):
        while True:
            (delivery,) = await node.receive()
            if delivery.HasField("message"):
                break
        assert set(delivery.message.recipients) == {"countries/WSM", "countries/FJI", "countries/TON"}
    assert await network.fji.count(EnvelopeRow) == 1


async def test_the_relay_holds_nothing_that_can_be_read(network):
    secret = b"the informant's name is not for the relay"
    sent = message(payload=secret)
    network.ton.cable.unplug()
    await network.fji.send(sent)
    await network.fji.drained("ptccc")
    # The envelope, and the key of its epoch.
    assert await network.ptccc.count(QueueRow, QueueRow.peer == "ton") == 2
    held = b"".join(file.read_bytes() for file in (network.folder / "ptccc").rglob("*") if file.is_file())
    assert sent.message_id.encode() not in held
    assert secret not in held
    network.ton.cable.plug()
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload == secret
    await network.ptccc.drained("ton")
    async with network.ptccc.exchange.house.database.read() as session:
        assert await session.scalar(select(BatchRow.raw)) is None, "bytes stay until all have them, no longer"


async def test_order_holds_in_a_conversation_whatever_the_urgency(network):
    network.fji.cable.unplug()
    urgencies = [
        handling_pb2.URGENCY_BULK,
        handling_pb2.URGENCY_ROUTINE,
        handling_pb2.URGENCY_FLASH,
        handling_pb2.URGENCY_BULK,
    ]
    for at, urgency in enumerate(urgencies):
        await network.fji.send(message(payload=b"%d" % at, urgency=urgency, receipts=False))
    network.fji.cable.plug()
    found = await network.ton.receive(len(urgencies))
    assert [one.message.payload for one in found] == [b"0", b"1", b"2", b"3"]


async def test_a_flash_overtakes_what_waits(network):
    network.fji.cable.unplug()
    for at in range(5):
        await network.fji.send(message(payload=b"routine", conversation=f"c{at}", receipts=False))
    flash = message(payload=b"flash", urgency=handling_pb2.URGENCY_FLASH, conversation="other", receipts=False)
    await network.fji.send(flash)
    network.fji.cable.plug()
    (first, *_) = await network.ton.receive(6)
    assert first.message.payload == b"flash"


async def test_the_centre_goes_and_comes_back(network):
    await network.ptccc.stop()
    for at in range(3):
        await network.fji.send(message(payload=b"%d" % at))
    await network.ptccc.start()
    found = await network.ton.receive(3)
    assert [one.message.payload for one in found] == [b"0", b"1", b"2"]


async def test_what_was_stored_and_not_acknowledged_arrives_once(network):
    """Tonga stores, its acknowledgement never arrives, Tonga dies; the centre sends again."""
    network.ton.cable.silence(UP)
    await network.fji.send(message())
    await eventually(lambda: network.ton.count(EnvelopeRow))
    await network.ton.stop()
    network.ton.cable.cut()
    network.ton.cable.plug()
    assert await network.ptccc.count(QueueRow, QueueRow.peer == "ton") == 2
    await network.ton.start()
    await network.ptccc.drained("ton")
    assert await network.ton.count(EnvelopeRow) == 1
    assert await network.ton.count(DeliveryRow) == 1
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload == message().payload
    found = await network.fji.receipts(until=STATES.DELIVERY_STATE_DELIVERED)
    assert names(found) == ["QUEUED", "SENT", "ACCEPTED", "DELIVERED"]


async def test_what_is_not_acknowledged_is_delivered_again(network):
    await network.fji.send(message())
    (first,) = await network.ton.look()
    (again,) = await network.ton.look()
    assert first == again
    await network.ton.stop()
    await network.ton.start()
    (after,) = await network.ton.receive()
    assert after == first


async def test_messages_reach_only_the_service_they_are_for(network):
    await network.fji.send(message(topic="bluepacific.training.v1.course.published", receipts=False))
    await network.fji.send(message(receipts=False))
    (training,) = await network.ton.receive(service="training")
    (cooperation,) = await network.ton.receive(service="cooperation")
    assert training.message.topic.split(".")[1] == "training"
    assert cooperation.message.topic.split(".")[1] == "cooperation"


async def test_the_log_holds_every_step_and_its_root_is_the_trees(network):
    sent = message()
    await network.fji.send(sent)
    await network.ton.receive()
    await network.fji.receipts(until=STATES.DELIVERY_STATE_DELIVERED)
    for node, least in ((network.fji, 3), (network.ptccc, 1), (network.ton, 3)):
        async with node.exchange.house.database.read() as session:
            entries = list(await session.scalars(select(LogRow.entry).order_by(LogRow.position)))
        status = await node.status()
        assert status.log_size == len(entries) >= least
        assert status.log_root == root_of([leaf_hash(entry) for entry in entries]).hex()


async def test_one_trace_leads_through_all_nodes(network, spans):
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    sent = message(traceparent=traceparent)
    await network.fji.topics.Send(topics_pb2.SendRequest(message=sent), metadata=(("traceparent", traceparent),))
    (delivery,) = await network.ton.receive()
    trace_id = traceparent.split("-")[1]
    assert delivery.message.traceparent.split("-")[1] == trace_id
    found = {one.name for one in spans.get_finished_spans() if f"{one.context.trace_id:032x}" == trace_id}
    # A relay sees no traces.
    assert {"exchange.send", "exchange.accept"} <= found


@pytest.mark.parametrize("held", [True, False])
async def test_what_expires_on_its_way_is_not_delivered(network, held):
    """Expired in Fiji's queue, or at the centre; the sender hears of it either way."""
    cable = network.fji.cable if held else network.ton.cable
    cable.unplug()
    sent = message()
    sent.expire_time.FromDatetime(network.fji.clock())
    sent.expire_time.seconds += 2
    await network.fji.send(sent)
    found = await network.fji.receipts(until=STATES.DELIVERY_STATE_EXPIRED)
    assert names(found)[-1] == "EXPIRED"
    cable.plug()
    await network.linked("fji" if held else "ton")
    assert await network.ton.count(DeliveryRow) == 0


async def test_what_expires_before_the_service_has_it_is_not_delivered(network):
    sent = message()
    sent.expire_time.FromDatetime(network.fji.clock())
    sent.expire_time.seconds += 2
    await network.fji.send(sent)
    found = await network.fji.receipts(until=STATES.DELIVERY_STATE_EXPIRED)
    assert "ACCEPTED" in names(found)
    assert await network.ton.count(DeliveryRow) == 0


async def test_all_of_it_on_postgres(tmp_path):
    async with Network(tmp_path, "postgres") as network:
        sent = message(recipients=["countries/TON/units/ncb", "countries/WSM"])
        await network.fji.send(sent)
        await network.ton.receive()
        await network.ptccc.receive()
        await network.ton.report(sent, STATES.DELIVERY_STATE_OPENED)
        found = await network.fji.receipts(until=STATES.DELIVERY_STATE_OPENED)
        tongas = [one for one in found if one.recipient.startswith("countries/TON")]
        assert names(tongas) == ["QUEUED", "SENT", "ACCEPTED", "DELIVERED", "OPENED"]
        for node, peer in ((network.fji, "ptccc"), (network.ton, "ptccc"), (network.ptccc, "fji")):
            await node.drained(peer)
