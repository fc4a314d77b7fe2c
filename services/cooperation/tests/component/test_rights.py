"""Who is not addressed is told that nothing exists: by name, in lists, in search, and whatever the role."""

import uuid

import pytest
from bureau import FJI, PTCCC, TON
from stix import bundle, vessel

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import attachment_service_pb2 as attachments_pb2
from bluepacific.cooperation.v1 import entity_service_pb2 as entities_pb2
from bluepacific.cooperation.v1 import reply_service_pb2 as replies_pb2
from bluepacific.cooperation.v1 import request_pb2
from bluepacific.cooperation.v1 import request_service_pb2 as requests_pb2


@pytest.fixture
async def case(fji, ton):
    """A request of Fiji with an entity and a file, and a reply of Tonga, at Tonga's node."""
    draft = await fji.draft(bundle=bundle(vessel()))
    file = await fji.upload(draft.name, b"papers")
    request = await fji.send(draft.name)
    await fji.pass_on("request.opened", ton)
    reply = await ton.sent_reply(request.name, bundle=bundle(vessel("FV Lupe")))
    entity = (await ton.search("moana")).entities[0]
    return request, reply, file, entity


def strangers(ton):
    return [
        ton.as_("lupe", "officer@customs", "duty_officer@customs"),
        # At the NCB, but only to learn there.
        ton.as_("semisi", "learner@ncb", "officer@customs"),
    ]


async def test_nothing_exists_for_a_unit_that_is_not_addressed(ton, case):
    request, reply, file, entity = case
    for stranger in strangers(ton):
        asked = [
            ton.get(request.name, stranger),
            ton.get(reply.name, stranger),
            ton.listed_replies(request.name, stranger),
            ton.listed_attachments(request.name, stranger),
            ton.draft_reply(request.name, as_=stranger),
            ton.send_reply(reply.name, stranger),
            ton.upload(request.name, b"x", as_=stranger),
            ton.attachments.GetAttachment(attachments_pb2.GetAttachmentRequest(name=file.name), metadata=stranger),
            ton.attachments.DeleteAttachment(
                attachments_pb2.DeleteAttachmentRequest(name=file.name), metadata=stranger
            ),
            ton.download(file.name, stranger),
            ton.entities.GetEntity(entities_pb2.GetEntityRequest(name=entity.name), metadata=stranger),
            ton.replies.DeleteReply(replies_pb2.DeleteReplyRequest(name=reply.name), metadata=stranger),
        ]
        for call in asked:
            await ton.refused(call, "NOT_FOUND")
        for parent in ("countries/-", "countries/FJI"):
            assert not (await ton.listed(stranger, parent)).requests
            assert not (await ton.search("moana", stranger, parent)).entities
            assert not (await ton.search("", stranger, parent)).entities
    assert not ton.topics.reports


async def test_the_same_refusal_for_what_is_hidden_and_what_is_not_there(ton, case):
    request, _, file, entity = case
    stranger, nothing = strangers(ton)[0], str(uuid.uuid4())
    for name, call in (
        (request.name, ton.get),
        (file.name, ton.download),
        (
            entity.name,
            lambda name, as_: ton.entities.GetEntity(entities_pb2.GetEntityRequest(name=name), metadata=as_),
        ),
    ):
        hidden = await ton.refused(call(name, stranger), "NOT_FOUND")
        missing_name = name[:-36] + nothing
        missing = await ton.refused(call(missing_name, stranger), "NOT_FOUND")
        assert hidden.message.replace(name, "") == missing.message.replace(missing_name, "")


async def test_an_addressee_sees_it_and_cannot_change_it(ton, case):
    request, *_ = case
    mele = ton.as_("mele", "duty_officer@ncb")
    assert [one.name for one in (await ton.listed(mele, "countries/FJI")).requests] == [request.name]
    assert not (await ton.listed(mele, "countries/TON")).requests
    await ton.refused(ton.close(request.name, mele), "PERMISSION_DENIED")
    await ton.refused(ton.send(request.name, as_=mele), "PERMISSION_DENIED")
    update = requests_pb2.UpdateRequestRequest(request=request_pb2.Request(name=request.name, title="Mine"))
    await ton.refused(ton.requests.UpdateRequest(update, metadata=mele), "PERMISSION_DENIED")
    await ton.refused(ton.upload(request.name, b"x", as_=mele), "PERMISSION_DENIED")


async def test_a_draft_is_its_units_own(fji):
    draft = await fji.draft()
    customs = fji.as_("joe", "officer@customs")
    await fji.refused(fji.get(draft.name, customs), "NOT_FOUND")
    assert not (await fji.listed(customs)).requests
    assert (await fji.get(draft.name, fji.as_("seru", "analyst@ncb"))).title == draft.title


async def test_roles_open_only_what_the_protos_say(fji):
    draft = await fji.draft()
    analyst = fji.as_("seru", "analyst@ncb")
    await fji.refused(fji.send(draft.name, as_=analyst), "PERMISSION_DENIED")
    await fji.refused(fji.draft(as_=analyst), "PERMISSION_DENIED")
    await fji.refused(fji.get(draft.name, fji.as_("seru", "learner@ncb")), "PERMISSION_DENIED")


async def test_content_is_read_for_a_purpose(fji):
    draft = await fji.draft()
    silent = fji.as_("ana", "officer@ncb", purpose="")
    await fji.refused(fji.get(draft.name, silent), "PURPOSE_REQUIRED")
    await fji.refused(fji.search("x", silent), "PURPOSE_REQUIRED")
    assert (await fji.listed(silent)).requests[0].text == ""


async def test_reads_of_content_are_kept_with_their_purpose(fji):
    from sqlalchemy import text

    draft = await fji.draft()
    await fji.get(draft.name, fji.as_("seru", "analyst@ncb", purpose="PROSECUTION"))
    async with fji.under_test.service.database.read() as session:
        found = (await session.execute(text("SELECT name, purpose, principal FROM audit ORDER BY position"))).all()
    assert found[-1] == (draft.name, "PURPOSE_PROSECUTION", "countries/FJI/officers/seru")


async def test_who_acts_for_several_units_says_for_which(fji):
    both = fji.as_("ana", "officer@ncb", "officer@customs")
    await fji.refused(fji.draft(as_=both), "UNIT_NOT_CHOSEN", field="request.unit")
    assert (await fji.draft(as_=both, unit="countries/FJI/units/customs")).unit == "countries/FJI/units/customs"
    await fji.refused(fji.draft(unit="countries/FJI/units/customs"), "PERMISSION_DENIED")
    await fji.refused(fji.draft(unit=TON), "PERMISSION_DENIED")
    other = requests_pb2.CreateRequestRequest(parent="countries/TON", request=request_pb2.Request())
    await fji.refused(fji.requests.CreateRequest(other, metadata=fji.officer), "PERMISSION_DENIED")


async def test_a_reply_for_the_requester_alone_is_hidden_from_the_others(fji, ton, wsm):
    request = await fji.sent_request()
    await fji.pass_on("request.opened", ton, wsm)
    secret = await ton.sent_reply(request.name, to_requester_only=True)
    assert [*secret.recipients] == [FJI]
    await ton.pass_on("reply.sent", fji)
    assert (await fji.get(secret.name)).text
    shared = await ton.sent_reply(request.name)
    await ton.pass_on("reply.sent", fji, wsm, count=2)
    assert [one.name for one in (await wsm.listed_replies(request.name)).replies] == [shared.name]
    assert len((await fji.listed_replies(request.name)).replies) == 2


async def test_a_reply_is_never_looser_than_its_request(fji, ton):
    red = handling_pb2.Handling(tlp=handling_pb2.TLP_RED, purpose=handling_pb2.PURPOSE_INVESTIGATION)
    red.releasable_to.extend(["FJI", "TON"])
    request = await fji.sent_request(handling=red, recipients=[TON])
    await fji.pass_on("request.opened", ton)
    clear = handling_pb2.Handling(tlp=handling_pb2.TLP_CLEAR, purpose=handling_pb2.PURPOSE_TRAINING)
    reply = await ton.sent_reply(request.name, handling=clear)
    assert (reply.handling.tlp, reply.handling.purpose) == (red.tlp, red.purpose)
    assert reply.handling.retention_time == request.handling.retention_time
    shut = handling_pb2.Handling(tlp=red.tlp, purpose=red.purpose, releasable_to=["WSM"])
    await ton.refused(ton.draft_reply(request.name, handling=shut), "RECIPIENT_NOT_RELEASABLE")


async def test_who_asks_is_always_among_the_named_countries(fji, ton):
    named = handling_pb2.Handling(tlp=handling_pb2.TLP_AMBER, purpose=handling_pb2.PURPOSE_INVESTIGATION)
    named.releasable_to.extend(["TON", "WSM"])
    request = await fji.sent_request(handling=named)
    assert [*request.handling.releasable_to] == ["FJI", "TON", "WSM"]
    await fji.pass_on("request.opened", ton)
    assert [*(await ton.sent_reply(request.name)).recipients] == [FJI, PTCCC]
    narrow = handling_pb2.Handling(tlp=named.tlp, purpose=named.purpose, releasable_to=["FJI"])
    reply = await ton.sent_reply(request.name, handling=narrow)
    assert ([*reply.recipients], [*reply.handling.releasable_to]) == ([FJI], ["FJI", "TON"])


async def test_replies_and_requests_stay_apart_by_country_of_the_name(ton, case):
    request, reply, *_ = case
    listed = await ton.listed(parent="countries/FJI", filter='state = "OPEN" AND title:"moana" AND urgency = URGENT')
    assert [one.name for one in listed.requests] == [request.name]
    assert reply.unit == TON
    assert PTCCC in reply.recipients
