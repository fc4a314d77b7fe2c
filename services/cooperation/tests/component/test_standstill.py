"""Why something stands still, in the words of whoever asks."""

from datetime import UTC, datetime, timedelta

from bureau import PTCCC, TON

from bluepacific.cooperation.v1 import recipient_status_pb2 as pb
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2


def standing(unit, **fields):
    hours = fields.pop("hours", None)
    values = {"recipient": unit, "state": topics_pb2.DELIVERY_STATE_QUEUED, "node": "ton", "peer": "ton"}
    found = topics_pb2.Standing(**(values | fields))
    found.state_time.FromDatetime(datetime.now(UTC) - timedelta(hours=5))
    if hours is not None:
        found.last_contact_time.FromDatetime(datetime.now(UTC) - timedelta(hours=hours))
    return found


async def told(fji, name, *, language="en", number=1):
    """Returns why the recipient of that number has not got it."""
    status = (await fji.get(name, fji.as_("ana", "officer@ncb", language=language))).statuses[number]
    # French keeps a number and its noun on one line.
    return status.standstill, status.explanation.replace("\xa0", " ")


async def test_the_reason_is_told_in_the_callers_language(fji):
    sent = await fji.sent_request()
    carried = await fji.pass_on("request.opened")
    ways = fji.topics.standings

    ways[carried.message_id] = [standing(TON, queued=True, waiting_before=2, hours=3)]
    assert await told(fji, sent.name) == (
        pb.STANDSTILL_NO_CONTACT,
        "Tonga has not been in contact for 3 hours; messages that go before it: 2.",
    )
    assert (await told(fji, sent.name, language="fr"))[1] == (
        "Aucun contact avec Tonga depuis 3 heures ; messages qui passent avant : 2."
    )
    assert "تونغا" in (await told(fji, sent.name, language="ar"))[1]
    # What the exchange does not know moves on, as long as that is new.
    assert await told(fji, sent.name, number=0) == (0, "")

    for fields, kind, text in (
        ({"queued": True, "connected": True, "waiting_before": 4}, pb.STANDSTILL_WAITS_ITS_TURN, "4"),
        ({"queued": True, "peer": "ptccc"}, pb.STANDSTILL_NEVER_IN_CONTACT, "ptccc has never been in contact"),
        ({"set_aside": "BY_HAND"}, pb.STANDSTILL_SET_ASIDE, "(BY_HAND); its operator must retry it"),
        ({"revoked": True}, pb.STANDSTILL_REVOKED, "no longer trusted"),
        ({"peer": "ptccc", "state": 2}, pb.STANDSTILL_AT_RELAY, "when Tonga is in contact; since 5 hours"),
        ({"peer": "", "state": 3}, pb.STANDSTILL_AT_RECIPIENT, "services have not taken it yet; since 5 hours"),
    ):
        ways[carried.message_id] = [standing(TON, **fields)]
        found = await told(fji, sent.name)
        assert found[0] == kind
        assert text in found[1]
    assert not (await fji.listed()).requests[0].statuses[1].explanation


async def test_an_end_is_explained_and_what_was_read_is_not(fji):
    sent = await fji.sent_request()
    carried = await fji.pass_on("request.opened")
    now = datetime.now(UTC)
    await fji.receive(carried, TON, topics_pb2.DELIVERY_STATE_DELIVERED, now - timedelta(days=3))
    assert await told(fji, sent.name) == (
        pb.STANDSTILL_NOT_OPENED,
        "Delivered to NCB (Tonga); nobody there has opened it for 3 days.",
    )
    refused = topics_pb2.Receipt(
        message_id=carried.message_id,
        recipient=PTCCC,
        state=topics_pb2.DELIVERY_STATE_REFUSED,
        ground="CONTENT_EXPIRED",
    )
    refused.state_time.FromDatetime(now)
    await fji.topics.receipt(refused)
    assert await told(fji, sent.name, number=0) == (
        pb.STANDSTILL_REFUSED,
        "Refused: Its retention time has passed; it is not kept.",
    )
    await fji.receive(carried, TON, topics_pb2.DELIVERY_STATE_OPENED, now)
    assert await told(fji, sent.name) == (0, "")
