from net import TOPIC, message

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2


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
    state = topics_pb2.DeliveryState
    found = await network.fji.receipts(until=state.Value("DELIVERY_STATE_DELIVERED"))
    names = [state.Name(one.state).removeprefix("DELIVERY_STATE_") for one in found]
    assert names == ["QUEUED", "SENT", "ACCEPTED", "DELIVERED"]
