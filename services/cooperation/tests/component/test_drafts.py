"""Drafts: written, changed against their etag, given files, sent once; what is wrong with them is said field by field."""

import uuid
from datetime import UTC, datetime, timedelta

from bureau import AMBER, FJI, PTCCC, TON
from google.protobuf.field_mask_pb2 import FieldMask
from stix import bundle, place, relation, vessel

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import attachment_service_pb2 as attachments_pb2
from bluepacific.cooperation.v1 import reply_service_pb2 as replies_pb2
from bluepacific.cooperation.v1 import request_pb2
from bluepacific.cooperation.v1 import request_service_pb2 as requests_pb2


def update(bureau, draft, *paths, etag=None, **fields):
    request = requests_pb2.UpdateRequestRequest(
        request=request_pb2.Request(name=draft.name, etag=draft.etag if etag is None else etag, **fields),
        update_mask=FieldMask(paths=paths),
    )
    return bureau.requests.UpdateRequest(request, metadata=bureau.officer)


def delete(bureau, name, **fields):
    request = requests_pb2.DeleteRequestRequest(name=name, **fields)
    return bureau.requests.DeleteRequest(request, metadata=bureau.officer)


async def test_a_draft_is_changed_against_its_etag(fji):
    draft = await fji.draft()
    changed = await update(fji, draft, title="FV Lupe", bundle=bundle(vessel()))
    assert (changed.title, changed.text) == ("FV Lupe", draft.text)
    await fji.refused(update(fji, draft, title="Again"), "ETAG_MISMATCH")
    cleared = await update(fji, changed, "text", "recipients")
    assert (cleared.text, [*cleared.recipients], cleared.title) == ("", [], "FV Lupe")
    assert cleared.handling == draft.handling
    await fji.refused(update(fji, cleared, "state"), "INVALID_FIELD", field="update_mask")
    await fji.refused(update(fji, cleared, "handling"), "HANDLING_MISSING", field="request.handling")


async def test_what_was_sent_never_changes(fji):
    sent = await fji.sent_request()
    await fji.refused(update(fji, sent, title="Other"), "ALREADY_SENT")
    await fji.refused(fji.send(sent.name), "ALREADY_SENT")
    await fji.refused(fji.upload(sent.name, b"late"), "ALREADY_SENT")
    await fji.refused(delete(fji, sent.name), "ALREADY_SENT")
    assert len(await fji.topics.wait_sent("bluepacific.cooperation.v1.request.opened")) == 1


async def test_a_repeated_send_gets_the_first_answer(fji):
    draft = await fji.draft()
    request_id = str(uuid.uuid4())
    sent = await fji.send(draft.name, request_id=request_id)
    assert await fji.send(draft.name, request_id=request_id) == sent


async def test_a_deleted_draft_leaves_nothing(fji):
    draft = await fji.draft()
    await fji.upload(draft.name, b"papers")
    await fji.refused(delete(fji, draft.name, etag='"other"'), "ETAG_MISMATCH")
    await delete(fji, draft.name)
    await fji.refused(fji.get(draft.name), "NOT_FOUND")
    assert not (await fji.listed()).requests


async def test_half_a_draft_is_kept_and_not_sent(fji):
    draft = await fji.draft(title="", recipients=[])
    await fji.refused(fji.send(draft.name), "TITLE_MISSING")
    draft = await update(fji, draft, title="FV Lupe")
    await fji.refused(fji.send(draft.name), "RECIPIENT_MISSING")
    draft = await update(fji, draft, recipients=[TON])
    assert (await fji.send(draft.name, etag=draft.etag)).state == request_pb2.REQUEST_STATE_OPEN


def until(**delta):
    handling = handling_pb2.Handling()
    handling.CopyFrom(AMBER)
    handling.retention_time.FromDatetime(datetime.now(UTC) + timedelta(**delta))
    return handling


def only_for(*countries):
    handling = handling_pb2.Handling()
    handling.CopyFrom(AMBER)
    handling.releasable_to.extend(countries)
    return handling


TOO_FAR = handling_pb2.Handling(tlp=AMBER.tlp, purpose=AMBER.purpose)
TOO_FAR.retention_time.seconds = 2**60
SHIP = vessel()


WRONG = [
    ({"handling": None}, "HANDLING_MISSING", "request.handling"),
    ({"handling": handling_pb2.Handling(tlp=3)}, "INVALID_FIELD", "request.handling.purpose"),
    ({"handling": handling_pb2.Handling(tlp=9, purpose=2)}, "INVALID_FIELD", "request.handling.tlp"),
    ({"handling": until(days=-1)}, "RETENTION_TIME_INVALID", "request.handling.retention_time"),
    ({"handling": until(days=20_000)}, "RETENTION_TIME_INVALID", "request.handling.retention_time"),
    ({"handling": TOO_FAR}, "INVALID_FIELD", "request.handling.retention_time"),
    ({"handling": only_for("WSM")}, "RECIPIENT_NOT_RELEASABLE", "request.recipients[1]"),
    ({"title": "x" * 201}, "INVALID_FIELD", "request.title"),
    ({"title": "a\0"}, "INVALID_FIELD", "request.title"),
    ({"text": "a\0"}, "INVALID_FIELD", "request.text"),
    ({"text": "x" * 10_001}, "INVALID_FIELD", "request.text"),
    ({"urgency": 9}, "INVALID_FIELD", "request.urgency"),
    ({"recipients": [TON, TON]}, "INVALID_FIELD", "request.recipients"),
    ({"recipients": ["countries/TON"]}, "INVALID_FIELD", "request.recipients[0]"),
    ({"recipients": [FJI]}, "INVALID_FIELD", "request.recipients[0]"),
    ({"recipients": [TON, "countries/TON/units/navy"]}, "RECIPIENT_UNKNOWN", "request.recipients[1]"),
    ({"bundle": "{"}, "BUNDLE_NOT_JSON", "request.bundle"),
    ({"bundle": "\0"}, "INVALID_FIELD", "request.bundle"),
    ({"bundle": "x" * 921_601}, "INVALID_FIELD", "request.bundle"),
    ({"bundle": bundle(SHIP, 7)}, "BUNDLE_NOT_STIX", "request.bundle.objects[1]"),
    ({"bundle": bundle(spec_version="2.0")}, "BUNDLE_SPEC_VERSION", "request.bundle.spec_version"),
    ({"bundle": bundle(SHIP, SHIP)}, "BUNDLE_DUPLICATE_ID", "request.bundle.objects[1].id"),
    (
        {"bundle": bundle(relation(place(), SHIP), SHIP)},
        "BUNDLE_DANGLING_REFERENCE",
        "request.bundle.objects[0].source_ref",
    ),
    ({"bundle": bundle(*[vessel() for _ in range(501)])}, "BUNDLE_OBJECT_LIMIT", "request.bundle.objects"),
    ({"bundle": bundle(vessel(name=[]))}, "BUNDLE_OBJECT_INVALID", "request.bundle.objects[0].name"),
]


async def test_what_is_wrong_with_a_draft_names_its_field(fji):
    for fields, reason, field in WRONG:
        await fji.refused(fji.draft(**fields), reason, field=field)
    assert not (await fji.listed()).requests


async def test_a_unit_that_left_is_not_written_to(fji):
    draft = await fji.draft()
    await fji.learn_units(TON, active=False, version=2)
    await fji.learn_units(TON, active=True, version=1)
    await fji.refused(fji.send(draft.name), "RECIPIENT_UNKNOWN", field="request.recipients[1]")


async def test_a_refusal_says_it_in_the_callers_language(fji):
    french = fji.as_("ana", "officer@ncb", language="fr")
    status = await fji.refused(fji.draft(as_=french, bundle=bundle(SHIP, SHIP)), "BUNDLE_DUPLICATE_ID")
    assert any(b"objet pr\xc3\xa9c\xc3\xa9dent" in one.value for one in status.details)


async def test_a_large_bundle_fits_into_a_message(fji, ton):
    text = bundle(vessel(x_notes="n" * 919_000))
    sent = await fji.sent_request(
        bundle=text, text="\u00e9" * 10_000, title="\u00e9" * 200, handling=only_for("FJI", "TON", "WSM")
    )
    carried = await fji.pass_on("request.opened", ton)
    assert len(carried.payload) <= 1024 * 1024
    assert (await ton.get(sent.name)).bundle == text


async def test_lists_are_paged_newest_first_for_their_caller(fji):
    names = [(await fji.draft(title=f"T{number}")).name for number in range(3)]
    page = await fji.listed(page_size=2)
    assert [one.name for one in page.requests] == names[:0:-1]
    rest = await fji.listed(page_size=2, page_token=page.next_page_token)
    assert ([one.name for one in rest.requests], rest.next_page_token) == (names[:1], "")
    stranger = fji.as_("joe", "officer@customs")
    await fji.refused(fji.listed(stranger, page_token=page.next_page_token), "INVALID_PAGE_TOKEN")
    await fji.refused(fji.listed(page_size=-1), "INVALID_FIELD", field="page_size")
    await fji.refused(fji.listed(filter="text:x"), "INVALID_FILTER")


async def test_a_reply_draft_is_deleted_or_sent_once(fji, ton):
    request = await fji.sent_request()
    await fji.pass_on("request.opened", ton)
    draft = await ton.draft_reply(request.name, text="")
    await ton.refused(ton.send_reply(draft.name), "CONTENT_MISSING")
    delete_reply = replies_pb2.DeleteReplyRequest(name=draft.name)
    await ton.replies.DeleteReply(delete_reply, metadata=ton.officer)
    await ton.refused(ton.get(draft.name), "NOT_FOUND")
    sent = await ton.sent_reply(request.name)
    await ton.refused(ton.send_reply(sent.name), "ALREADY_SENT")
    await ton.refused(
        ton.replies.DeleteReply(replies_pb2.DeleteReplyRequest(name=sent.name), metadata=ton.officer), "ALREADY_SENT"
    )
    await ton.refused(ton.draft_reply(request.name, text="\0"), "INVALID_FIELD", field="reply.text")
    await ton.refused(ton.draft_reply(request.name, bundle="[]"), "BUNDLE_NOT_STIX", field="reply.bundle")


async def test_files_are_checked_counted_and_taken_off_again(open_bureau):
    async with open_bureau("FJI", attachment_bytes=1000, attachment_count=2) as fji:
        draft = await fji.draft()
        await fji.refused(fji.upload(draft.name, b"x" * 1001, piece=100), "BODY_TOO_LARGE")
        await fji.refused(fji.upload(draft.name, b""), "FILE_EMPTY")
        await fji.refused(fji.upload(draft.name, b"x", file_name="../x"), "FILE_NAME_INVALID", field="file_name")
        await fji.refused(fji.upload(draft.name, b"x", media_type="text/html"), "UNSUPPORTED_MEDIA_TYPE")
        await fji.refused(fji.upload(draft.name, b"x", file_name=""), "INVALID_FIELD", field="file_name")
        other = f"{draft.name[:-1]}x/replies/{uuid.uuid4()}"
        await fji.refused(fji.upload(draft.name, b"x", reply=other), "INVALID_FIELD", field="reply")
        first, second = [await fji.upload(draft.name, content, piece=7) for content in (b"x" * 1000, b"papers")]
        await fji.refused(fji.upload(draft.name, b"x"), "FILE_LIMIT_REACHED")
        listed = (await fji.listed_attachments(draft.name)).attachments
        assert [one.name for one in listed] == [first.name, second.name]
        assert (await fji.download(first.name))[2] == b"x" * 1000
        await fji.attachments.DeleteAttachment(
            attachments_pb2.DeleteAttachmentRequest(name=first.name), metadata=fji.officer
        )
        await fji.refused(fji.download(first.name), "NOT_FOUND")
        assert (await fji.get(draft.name)).attachment_count == 1
        sent = await fji.send(draft.name)
        assert sent.attachment_count == 1
        delete_second = attachments_pb2.DeleteAttachmentRequest(name=second.name)
        await fji.refused(fji.attachments.DeleteAttachment(delete_second, metadata=fji.officer), "ALREADY_SENT")


async def test_a_file_that_has_not_arrived_says_so(fji, ton):
    draft = await fji.draft()
    file = await fji.upload(draft.name, b"papers")
    await fji.send(draft.name)
    carried = (await fji.topics.wait_sent("bluepacific.cooperation.v1.request.opened"))[0]
    await ton.topics.deliver(carried)
    assert not (await ton.listed_attachments(draft.name)).attachments[0].available
    await ton.refused(ton.download(file.name), "BLOB_NOT_HERE")
    assert not ton.topics.reports


async def test_a_request_without_a_bundle_has_none_to_download(fji):
    from bureau import joined

    draft = await fji.draft()
    asked = requests_pb2.DownloadRequestBundleRequest(name=draft.name)
    await fji.refused(joined(fji.requests.DownloadRequestBundle(asked, metadata=fji.officer)), "NOT_FOUND")
    assert PTCCC in draft.recipients
