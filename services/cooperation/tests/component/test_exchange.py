"""The day's work of two countries: what one sends is what the other gets, and what becomes of it comes back."""

import asyncio
import hashlib
import os
from datetime import UTC, datetime, timedelta

from bureau import FJI, NOTIFICATION, PTCCC, TON, joined
from stix import bundle, place, relation, vessel

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import reply_service_pb2 as replies_pb2
from bluepacific.cooperation.v1 import request_pb2
from bluepacific.cooperation.v1 import request_service_pb2 as requests_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
QUEUED, ACCEPTED, DELIVERED, OPENED = (
    topics_pb2.DELIVERY_STATE_QUEUED,
    topics_pb2.DELIVERY_STATE_ACCEPTED,
    topics_pb2.DELIVERY_STATE_DELIVERED,
    topics_pb2.DELIVERY_STATE_OPENED,
)


async def test_a_request_reaches_its_addressee_whole(fji, ton):
    ship, scan = vessel(x_fji_hull="white", extensions={"x-fji-ext": {"n": 1.50}}), os.urandom(3 * 1024 * 1024)
    text = bundle(ship)
    draft = await fji.draft(bundle=text)
    assert draft.state == request_pb2.REQUEST_STATE_DRAFT
    file = await fji.upload(draft.name, scan, file_name="скан 1.pdf")
    sent = await fji.send(draft.name)
    assert (sent.state, sent.unit, sent.attachment_count) == (request_pb2.REQUEST_STATE_OPEN, FJI, 1)
    carried = await fji.pass_on("request.opened", ton)
    assert (carried.author, [*carried.recipients]) == (FJI, [PTCCC, TON])
    assert (carried.urgency, carried.handling.tlp) == (handling_pb2.URGENCY_URGENT, handling_pb2.TLP_AMBER)
    assert (carried.conversation, carried.receipts) == (sent.name, True)

    mele = ton.as_("mele", "duty_officer@ncb")
    got = await ton.get(sent.name, mele)
    assert (got.title, got.text, got.bundle) == (sent.title, "Who owns her?", text)
    assert got.handling == sent.handling
    assert not got.statuses
    listed = (await ton.listed_attachments(sent.name, mele)).attachments
    assert [(one.name, one.available, one.sha256) for one in listed] == [
        (file.name, True, hashlib.sha256(scan).hexdigest())
    ]
    media_type, told, content = await ton.download(file.name, mele)
    assert (media_type, told["file-name"], content) == ("application/pdf", "____ 1.pdf", scan)
    call = ton.requests.DownloadRequestBundle(requests_pb2.DownloadRequestBundleRequest(name=sent.name), metadata=mele)
    media_type, _, content = await joined(call)
    assert (media_type, content.decode()) == ("application/stix+json;version=2.1", text)


async def test_what_travels_beside_the_envelope_is_encrypted(fji):
    draft = await fji.draft()
    await fji.upload(draft.name, b"plain words " * 100)
    await fji.send(draft.name)
    carried = (await fji.topics.wait_sent("bluepacific.cooperation.v1.request.opened"))[0]
    stored = b"".join([piece async for piece in fji.under_test.seams.blobs.open(carried.blobs[0].digest)])
    assert len(stored) == carried.blobs[0].size_bytes == 1216
    assert stored.startswith(b"BPSEALED\x01")
    assert b"plain words" not in stored
    assert not carried.blobs[0].file_name


async def test_the_duty_officer_is_told_without_any_content(fji, ton):
    sent = await fji.sent_request(title="FV Moana Star")
    await fji.pass_on("request.opened", ton)
    told = await ton.told("cooperation.request_received")
    assert [(one.subject, one.unit, one.urgent) for one in told] == [(sent.name, TON, True)]
    assert "duty_officer" in told[0].roles
    assert "learner" not in told[0].roles
    for message in ton.topics.sent:
        assert b"Moana" not in message.SerializeToString()


async def test_the_ladder_climbs_by_receipts_in_any_order(fji):
    sent = await fji.sent_request()
    assert [(one.unit, one.state) for one in sent.statuses] == [(PTCCC, QUEUED), (TON, QUEUED)]
    carried = await fji.pass_on("request.opened")
    for state, minute in ((OPENED, 9), (ACCEPTED, 1), (DELIVERED, 2), (ACCEPTED, 5)):
        await fji.receive(carried, TON, state, NOON + timedelta(minutes=minute))
    await fji.receive(carried, FJI, OPENED, NOON)
    await fji.receive(topics_pb2.Message(message_id=sent.name[-36:]), TON, OPENED, NOON)
    ptccc, ton = (await fji.get(sent.name)).statuses
    assert ptccc.state == QUEUED
    assert ton.state == OPENED
    assert [rung.state for rung in ton.rungs] == [QUEUED, ACCEPTED, DELIVERED, OPENED]
    assert [rung.state_time.ToDatetime(UTC).minute for rung in ton.rungs[1:]] == [1, 2, 9]
    assert (await fji.listed()).requests[0].statuses[1] == ton


async def test_a_refusal_is_shown_with_its_ground(fji, ton):
    sent = await fji.sent_request()
    carried = (await fji.topics.wait_sent("bluepacific.cooperation.v1.request.opened"))[0]
    receipt = topics_pb2.Receipt(
        message_id=carried.message_id, recipient=TON, state=topics_pb2.DELIVERY_STATE_REFUSED, ground="CONTENT_EXPIRED"
    )
    receipt.state_time.FromDatetime(NOON)
    await fji.topics.receipt(receipt)
    assert (await fji.get(sent.name)).statuses[1].ground == "CONTENT_EXPIRED"


async def test_opening_is_reported_once_a_unit(fji, ton):
    sent = await fji.sent_request()
    carried = await fji.pass_on("request.opened", ton)
    await ton.listed(ton.as_("mele", "duty_officer@ncb"))
    assert not ton.topics.reports
    await ton.get(sent.name, ton.as_("mele", "duty_officer@ncb"))
    await ton.get(sent.name, ton.as_("sione", "analyst@ncb"))
    await ton.listed(ton.as_("mele", "duty_officer@ncb"))
    reports = await ton.topics.wait_reports()
    assert [(one.message_id, one.recipient, one.state) for one in reports] == [(carried.message_id, TON, OPENED)]
    await fji.get(sent.name)
    assert not fji.topics.reports


async def test_colleagues_who_open_it_at_the_same_moment_are_one_receipt(fji, ton):
    sent = await fji.sent_request()
    await fji.pass_on("request.opened", ton)
    await asyncio.gather(*(ton.get(sent.name, ton.as_(f"o{number}", "officer@ncb")) for number in range(30)))
    await ton.sent_reply(sent.name)
    await ton.topics.wait_sent("bluepacific.cooperation.v1.reply.sent")
    # What the outbox took before the reply has gone out by now.
    assert len(ton.topics.reports) == 1


async def test_a_reply_with_an_entity_comes_back(fji, ton):
    ship = vessel()
    sent = await fji.sent_request(bundle=bundle(ship))
    await fji.pass_on("request.opened", ton)
    mele = ton.as_("mele", "duty_officer@ncb")
    anchorage = place()
    text = bundle(anchorage, relation(ship, anchorage))
    draft = await ton.draft_reply(sent.name, as_=mele, bundle=text)
    photo = await ton.upload(
        sent.name, b"photo", as_=mele, reply=draft.name, media_type="image/jpeg", file_name="p.jpg"
    )
    reply = await ton.send_reply(draft.name, mele)
    assert (reply.unit, [*reply.recipients]) == (TON, [FJI, PTCCC])
    assert [one.state for one in reply.statuses] == [QUEUED, QUEUED]
    carried = await ton.pass_on("reply.sent", fji)
    assert (carried.author, carried.conversation) == (TON, sent.name)
    told = await fji.told("cooperation.reply_received")
    assert [(one.subject, one.unit) for one in told] == [(reply.name, FJI)]
    listed = (await fji.listed_replies(sent.name)).replies
    assert [(one.name, one.text, one.bundle) for one in listed] == [(reply.name, "", "")]
    got = await fji.get(reply.name)
    assert (got.text, got.bundle, got.unit) == ("Seen at anchor.", text, TON)
    assert (await fji.download(photo.name))[2] == b"photo"
    assert (await fji.topics.wait_reports())[0].message_id == carried.message_id
    call = fji.replies.DownloadReplyBundle(
        replies_pb2.DownloadReplyBundleRequest(name=reply.name), metadata=fji.officer
    )
    assert (await joined(call))[2].decode() == text


async def test_the_asking_unit_can_add_to_its_request(fji, ton):
    sent = await fji.sent_request()
    await fji.pass_on("request.opened", ton)
    added = await fji.sent_reply(sent.name, text="She has left Suva.")
    assert [*added.recipients] == [PTCCC, TON]
    await fji.pass_on("reply.sent", ton)
    assert (await ton.get(added.name)).text == "She has left Suva."


async def test_closing_reaches_the_addressees(fji, ton):
    sent = await fji.sent_request()
    await fji.pass_on("request.opened", ton)
    closed = await fji.close(sent.name)
    assert closed.state == request_pb2.REQUEST_STATE_CLOSED
    await fji.pass_on("request.closed", ton)
    got = await ton.get(sent.name)
    assert (got.state, got.close_time) == (closed.state, closed.close_time)
    await fji.refused(fji.close(sent.name), "REQUEST_NOT_OPEN")
    await ton.refused(ton.draft_reply(sent.name), "REQUEST_NOT_OPEN")


async def test_units_of_one_node_reach_each_other_over_it(open_bureau):
    customs = "countries/TON/units/customs"
    async with open_bureau("TON") as ton:
        sent = await ton.sent_request(recipients=[customs], as_=ton.officer)
        officer = ton.as_("lupe", "officer@customs")
        carried = await ton.pass_on("request.opened", ton)
        await ton.topics.deliver(carried)
        assert [one.unit for one in await ton.told("cooperation.request_received")] == [customs]
        assert not (await ton.get(sent.name, officer)).statuses
        assert (await ton.topics.wait_reports())[0].recipient == customs
        reply = await ton.sent_reply(sent.name, as_=officer)
        await ton.pass_on("reply.sent", ton)
        assert (await ton.get(reply.name)).text == "Seen at anchor."
        told = [one for one in ton.topics.sent if one.topic == NOTIFICATION]
        assert len(told) == 2
