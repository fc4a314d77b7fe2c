"""Where a message stands on its way, told to the service that sent it."""

from net import eventually, message

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2

SENT, QUEUED = topics_pb2.DELIVERY_STATE_SENT, topics_pb2.DELIVERY_STATE_QUEUED
PTCCC, TON = "countries/WSM/units/ptccc", "countries/TON/units/ncb"


async def standing(node, sent):
    request = topics_pb2.GetStandingsRequest(message_id=sent.message_id)
    return list((await node.topics.GetStandings(request)).standings)


async def test_it_tells_the_lane_that_a_message_waits_in(network):
    await network.ton.stop()

    async def is_down():
        return not network.ptccc.exchange.links.heard("ton")

    await eventually(is_down)
    first, second = (message(author=PTCCC, conversation=f"countries/WSM/requests/{number}") for number in (1, 2))
    for one in (first, second):
        await network.ptccc.send(one)
    (before,), (after,) = [await standing(network.ptccc, one) for one in (first, second)]
    assert (before.recipient, before.state, before.node, before.peer) == (TON, QUEUED, "ton", "ton")
    assert (before.queued, before.waiting_before, after.waiting_before) == (True, 0, 1)
    assert not before.connected
    assert before.HasField("last_contact_time")
    assert not before.revoked
    # Fiji's is at the centre, which waits for Tonga; that is all that Fiji's node knows.
    sent = message()
    await network.fji.send(sent)

    async def relayed():
        (one,) = await standing(network.fji, sent)
        return one if one.state == SENT else None

    found = await eventually(relayed)
    assert (found.node, found.peer, found.queued, found.connected) == ("ton", "ptccc", False, True)
    assert not await standing(network.fji, message())
