"""Messages that come late, twice, in another order, from the wrong hands, or broken."""

import uuid

from bureau import CUSTOMS, FJI, NOTIFICATION, PTCCC, TON, copy_blob, message
from stix import bundle, vessel

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import events_pb2, reply_pb2, request_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_cooperation.adapters.sealed_files import SealedFiles


async def carried_request(fji, **fields):
    sent = await fji.sent_request(**fields)
    number = len((await fji.listed(filter="state = OPEN")).requests)
    return sent, (await fji.topics.wait_sent("bluepacific.cooperation.v1.request.opened", number))[-1]


async def test_a_message_that_comes_twice_has_one_effect(fji, ton):
    sent, carried = await carried_request(fji)
    await ton.topics.deliver(carried, "delivery-1")
    await ton.topics.deliver(carried, "delivery-1")
    await ton.topics.deliver(carried, "delivery-2")
    assert len((await ton.listed()).requests) == 1
    await ton.get(sent.name)
    await ton.topics.wait_reports()
    assert len([one for one in ton.topics.sent if one.topic == NOTIFICATION]) == 1


async def test_a_reply_and_a_closing_wait_for_their_request(fji, ton, wsm):
    sent, carried = await carried_request(fji)
    await ton.topics.deliver(carried)
    reply = await ton.sent_reply(sent.name)
    answered = (await ton.topics.wait_sent("bluepacific.cooperation.v1.reply.sent"))[0]
    await fji.close(sent.name)
    closing = (await fji.topics.wait_sent("bluepacific.cooperation.v1.request.closed"))[0]
    await wsm.topics.deliver(closing)
    await wsm.topics.deliver(answered)
    await wsm.topics.deliver(answered)
    await wsm.refused(wsm.get(reply.name), "NOT_FOUND")
    assert not (await wsm.listed()).requests
    await wsm.topics.deliver(carried)
    assert (await wsm.get(sent.name)).state == request_pb2.REQUEST_STATE_CLOSED
    assert (await wsm.get(reply.name)).text == "Seen at anchor."
    await wsm.topics.deliver(answered)
    assert len((await wsm.listed_replies(sent.name)).replies) == 1
    assert len(await wsm.told("cooperation.reply_received")) == 1


async def test_another_country_can_neither_make_nor_change_nor_close_a_record(fji, ton):
    sent, carried = await carried_request(fji)
    payload = events_pb2.RequestOpened.FromString(carried.payload)
    forged = message("request.opened", payload, TON, carried.recipients, conversation=sent.name, receipts=True)
    await ton.topics.deliver(forged)
    assert not (await ton.listed()).requests
    assert (await ton.topics.wait_reports())[0].ground == "PERMISSION_DENIED"
    await ton.topics.deliver(carried)
    payload.request.title = "Other"
    again = message("request.opened", payload, FJI, carried.recipients, conversation=sent.name)
    await ton.topics.deliver(again)
    closing = events_pb2.RequestClosed(request=sent.name, close_time=sent.send_time)
    for author in (TON, "countries/FJI/units/customs"):
        await ton.topics.deliver(message("request.closed", closing, author, [TON], conversation=sent.name))
    got = await ton.get(sent.name)
    assert (got.title, got.state) == (sent.title, request_pb2.REQUEST_STATE_OPEN)


def reply_of(sent, unit, **fields):
    values = {
        "name": f"{sent.name}/replies/{uuid.uuid4()}",
        "unit": unit,
        "text": "Seen.",
        "recipients": [FJI],
        "handling": handling_pb2.Handling(tlp=handling_pb2.TLP_CLEAR, purpose=handling_pb2.PURPOSE_TRAINING),
        "state": reply_pb2.REPLY_STATE_SENT,
        "send_time": sent.send_time,
    }
    return reply_pb2.Reply(**(values | fields))


async def test_replies_come_from_the_units_of_the_request_alone(fji):
    sent = await fji.sent_request()
    bad = [
        (CUSTOMS, reply_of(sent, CUSTOMS)),
        (TON, reply_of(sent, PTCCC)),
        (TON, reply_of(sent, TON, state=reply_pb2.REPLY_STATE_DRAFT)),
        (TON, reply_of(sent, TON, recipients=[FJI, CUSTOMS])),
    ]
    for author, reply in bad:
        payload = events_pb2.ReplySent(reply=reply)
        await fji.topics.deliver(message("reply.sent", payload, author, reply.recipients, conversation=sent.name))
    assert not (await fji.listed_replies(sent.name)).replies
    good = reply_of(sent, TON)
    payload = events_pb2.ReplySent(reply=good)
    await fji.topics.deliver(message("reply.sent", payload, TON, [FJI], conversation=sent.name))
    got = await fji.get(good.name)
    # It claims to be for everybody; the request's conditions hold all the same.
    assert got.handling == sent.handling


def spoil(payload, *changes):
    for path, value in changes:
        target = payload
        *way, last = path.split(".")
        for step in way:
            target = getattr(target, step)
        setattr(target, last, value)


def altered(carried, payload):
    broken = topics_pb2.Message()
    broken.CopyFrom(carried)
    broken.payload = payload
    return broken


BROKEN = [
    ([("request.name", "countries/FJI/requests/1")], "INVALID_FIELD"),
    ([("request.title", "a\0")], "INVALID_FIELD"),
    ([("request.officer", "a\0")], "INVALID_FIELD"),
    ([("request.state", request_pb2.REQUEST_STATE_DRAFT)], "INVALID_FIELD"),
    ([("request.state", 77)], "INVALID_FIELD"),
    ([("request.send_time.seconds", 2**60)], "INVALID_FIELD"),
    ([("request.bundle", "{")], "BUNDLE_NOT_JSON"),
    ([("request.bundle", bundle(vessel(name=[])))], "BUNDLE_OBJECT_INVALID"),
    ([("request.handling.tlp", 0)], "INVALID_FIELD"),
    ([("request.handling.retention_time.seconds", 1)], "CONTENT_EXPIRED"),
    ([("request.unit", "countries/FJI/units/customs")], "INVALID_FIELD"),
]


async def test_a_broken_message_is_refused_with_its_ground_and_holds_nothing_up(fji, ton):
    sent, carried = await carried_request(fji)
    for number, (changes, ground) in enumerate(BROKEN, start=1):
        payload = events_pb2.RequestOpened.FromString(carried.payload)
        spoil(payload, *changes)
        await ton.topics.deliver(altered(carried, payload.SerializeToString()))
        report = (await ton.topics.wait_reports(number))[-1]
        assert (report.recipient, report.state, report.ground) == (TON, topics_pb2.DELIVERY_STATE_REFUSED, ground)
    await ton.topics.deliver(altered(carried, b"\xff"))
    assert not (await ton.listed()).requests
    await ton.topics.deliver(carried)
    assert (await ton.get(sent.name)).title == sent.title


async def test_files_that_do_not_fit_are_refused(fji, ton):
    draft = await fji.draft()
    await fji.upload(draft.name, b"papers")
    await fji.send(draft.name)
    carried = (await fji.topics.wait_sent("bluepacific.cooperation.v1.request.opened"))[0]
    wrong = [
        ("attachment.record", f"countries/FJI/requests/{uuid.uuid4()}"),
        ("attachment.name", f"countries/FJI/requests/{uuid.uuid4()}/attachments/{uuid.uuid4()}"),
        ("blob", "0" * 64),
        ("attachment.file_name", "../x"),
        ("attachment.media_type", "text/html"),
        ("attachment.sha256", "x"),
        ("attachment.size_bytes", 2**40),
        ("key", b"short"),
    ]
    for number, change in enumerate(wrong, start=1):
        payload = events_pb2.RequestOpened.FromString(carried.payload)
        spoil(payload.files[0], change)
        await ton.topics.deliver(altered(carried, payload.SerializeToString()))
        assert (await ton.topics.wait_reports(number))[-1].state == topics_pb2.DELIVERY_STATE_REFUSED
    await ton.refused(ton.get(draft.name), "NOT_FOUND")


async def test_a_reply_cannot_take_the_place_of_a_file_that_is_there(fji):
    draft = await fji.draft()
    file = await fji.upload(draft.name, b"papers")
    sent = await fji.send(draft.name)
    carried = (await fji.topics.wait_sent("bluepacific.cooperation.v1.request.opened"))[0]
    reply = reply_of(sent, TON)
    taken = events_pb2.RequestOpened.FromString(carried.payload).files[0]
    taken.attachment.record = reply.name
    payload = events_pb2.ReplySent(reply=reply, files=[taken])
    forged = message("reply.sent", payload, TON, [FJI], conversation=sent.name, blobs=carried.blobs, receipts=True)
    await fji.topics.deliver(forged)
    assert (await fji.topics.wait_reports())[0].ground == "ALREADY_EXISTS"
    assert (await fji.download(file.name))[2] == b"papers"


async def test_files_are_what_their_sender_announced_or_are_not_given_out(fji, ton):
    draft = await fji.draft()
    await fji.upload(draft.name, b"papers")
    await fji.send(draft.name)
    carried = (await fji.topics.wait_sent("bluepacific.cooperation.v1.request.opened"))[0]
    payload = events_pb2.RequestOpened.FromString(carried.payload)
    # One that was never sealed, and one that is another than announced.
    package = await ton.under_test.seams.blobs.put(chunks(b"PK a course"), limit=100)
    never, other = payload.files[0], payload.files.add()
    other.CopyFrom(never)
    other.attachment.name = f"{draft.name}/attachments/{uuid.uuid4()}"
    other.attachment.sha256 = "0" * 64
    never.blob = package.digest
    carried.payload = payload.SerializeToString()
    carried.blobs.add(digest=package.digest, size_bytes=package.size)
    await copy_blob(fji, ton, other.blob)
    await ton.topics.deliver(carried)
    for name in (never.attachment.name, other.attachment.name):
        await ton.refused(ton.download(name), "FILE_DAMAGED")
    files = SealedFiles(ton.under_test.seams.blobs)
    for blob in (package.digest, other.blob):
        await files.remove(blob)
    # What another service may need stays, whatever a message says.
    assert await ton.under_test.seams.blobs.has(package.digest)
    assert not await ton.under_test.seams.blobs.has(other.blob)


async def chunks(content):
    yield content


async def test_only_a_country_tells_of_its_units(ton):
    from bluepacific.cooperation.v1 import directory_service_pb2 as directory_pb2
    from bluepacific.identity.v1 import events_pb2 as identity_pb2
    from bluepacific.identity.v1 import unit_pb2

    event = identity_pb2.UnitChanged(
        name="countries/FJI/units/fake",
        country="FJI",
        display_name="Fake",
        kind=unit_pb2.UNIT_KIND_NCB,
        state=unit_pb2.UNIT_STATE_ACTIVE,
        version=9,
    )
    await ton.topics.deliver(message("unit.changed", event, "countries/TON", ["countries/-"]))

    async def addressees(parent, **fields):
        asked = directory_pb2.ListAddresseesRequest(parent=parent, **fields)
        return (await ton.directory.ListAddressees(asked, metadata=ton.officer)).addressees

    assert [one.unit for one in await addressees("countries/-")] == [FJI, CUSTOMS, TON, PTCCC]
    assert [one.unit for one in await addressees("countries/TON", filter='display_name:"cust"')] == [CUSTOMS]
    await ton.learn_units(CUSTOMS, active=False, version=2)
    assert [one.display_name for one in await addressees("countries/TON")] == ["NCB"]
