import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from office import NOTIFY, VESSELS

from bluepacific.catalogue.v1 import access_agreement_pb2, access_request_pb2
from bluepacific.notifications.v1 import events_pb2 as notifications_pb2

PENDING = access_request_pb2.ACCESS_REQUEST_STATE_PENDING
APPROVED = access_request_pb2.ACCESS_REQUEST_STATE_APPROVED
REFUSED = access_request_pb2.ACCESS_REQUEST_STATE_REFUSED
WITHDRAWN = access_request_pb2.ACCESS_REQUEST_STATE_WITHDRAWN
ACTIVE = access_agreement_pb2.ACCESS_AGREEMENT_STATE_ACTIVE
UPCOMING = access_agreement_pb2.ACCESS_AGREEMENT_STATE_UPCOMING
ENDED = access_agreement_pb2.ACCESS_AGREEMENT_STATE_ENDED
LAWS = "countries/WSM/capabilities/RPD"
NOBODY = "countries/FJI/accessRequests/00000000-0000-7000-8000-000000000000"


def after(**span):
    stamp = Timestamp()
    stamp.FromDatetime(datetime.now(UTC) + timedelta(**span))
    return stamp


async def notifications(office, count):
    messages = await office.topics.wait_sent(NOTIFY, count)
    return [notifications_pb2.NotificationRequested.FromString(message.payload) for message in messages]


async def test_an_officer_asks_the_head_approves_and_an_agreement_begins(stocked):
    asked = await stocked.ask()
    assert (asked.state, asked.requester, asked.unit) == (
        PENDING,
        "countries/FJI/officers/litia",
        "countries/FJI/units/tcu",
    )
    approved = await stocked.approve(asked.name, note="For patrols.", etag=asked.etag)
    assert approved.state == APPROVED
    (decision,) = approved.decisions
    assert (decision.decider, decision.note) == ("countries/FJI/officers/jone", "For patrols.")
    assert decision.verdict == access_request_pb2.ACCESS_VERDICT_APPROVE
    assert await stocked.get_request(asked.name) == approved
    agreement = await stocked.get_agreement(approved.access_agreement)
    assert (agreement.capability, agreement.unit, agreement.state) == (VESSELS, asked.unit, ACTIVE)
    assert agreement.access_request == asked.name
    assert agreement.purpose == asked.purpose
    lasts = agreement.end_time.ToDatetime() - agreement.begin_time.ToDatetime()
    assert lasts == timedelta(days=365)
    to_head, to_officer = await notifications(stocked, 2)
    assert (to_head.template, to_head.subject, to_head.unit, list(to_head.roles)) == (
        "catalogue.access_requested",
        asked.name,
        "countries/FJI/units/ncb",
        ["ncb_head"],
    )
    assert (to_officer.template, to_officer.subject, to_officer.officer) == (
        "catalogue.access_decided",
        asked.name,
        "countries/FJI/officers/litia",
    )


async def test_nobody_decides_on_their_own_request(stocked):
    head = stocked.as_("jone", "ncb_head@ncb", "officer@ncb")
    asked = await stocked.ask(unit="ncb", metadata=head)
    await stocked.refused(stocked.approve(asked.name, head), "ACCESS_REQUEST_IS_YOUR_OWN")
    await stocked.refused(stocked.refuse(asked.name, head), "ACCESS_REQUEST_IS_YOUR_OWN")
    assert (await stocked.get_request(asked.name, head)).state == PENDING
    deputy = stocked.as_("vika", "ncb_head@ncb")
    assert (await stocked.approve(asked.name, deputy)).state == APPROVED


async def test_only_the_head_of_the_own_ncb_decides(stocked):
    asked = await stocked.ask()
    for who in (
        stocked.as_("ana", "officer@ncb"),
        stocked.as_("admin", "administrator@ncb"),
        stocked.as_("head", "ncb_head@tcu"),
        stocked.as_("jone", "ncb_head@ncb", country="TON"),
    ):
        await stocked.refused(stocked.approve(asked.name, who), "PERMISSION_DENIED")
        await stocked.refused(stocked.refuse(asked.name, who), "PERMISSION_DENIED")
    assert (await stocked.get_request(asked.name)).state == PENDING


async def test_a_refusal_says_why_and_makes_no_agreement(stocked):
    asked = await stocked.ask()
    await stocked.refused(stocked.refuse(asked.name, note=""), "INVALID_FIELD", field="note")
    refused = await stocked.refuse(asked.name, note="Ask again next year.")
    assert (refused.state, refused.access_agreement, refused.decisions[0].note) == (REFUSED, "", "Ask again next year.")
    await stocked.refused(stocked.approve(asked.name), "ACCESS_ALREADY_DECIDED")
    await stocked.refused(stocked.withdraw(asked.name), "ACCESS_ALREADY_DECIDED")
    assert (await notifications(stocked, 2))[1].template == "catalogue.access_decided"
    # The unit may ask again.
    assert (await stocked.ask()).state == PENDING


async def test_who_asked_may_take_it_back_and_nobody_else(stocked):
    asked = await stocked.ask()
    await stocked.refused(stocked.withdraw(asked.name, stocked.as_("epeli", "officer@tcu")), "PERMISSION_DENIED")
    await stocked.refused(stocked.withdraw(asked.name, stocked.as_("ana", "officer@ncb")), "NOT_FOUND")
    assert (await stocked.withdraw(asked.name, etag=asked.etag)).state == WITHDRAWN
    await stocked.refused(stocked.approve(asked.name), "ACCESS_ALREADY_DECIDED")


async def test_the_head_ends_an_agreement_once(stocked):
    asked = await stocked.ask()
    approved = await stocked.approve(asked.name)
    agreement = await stocked.get_agreement(approved.access_agreement)
    await stocked.refused(stocked.end(agreement.name, stocked.as_("ana", "officer@ncb")), "PERMISSION_DENIED")
    await stocked.refused(stocked.end(agreement.name, etag='"other"'), "ETAG_MISMATCH")
    ended = await stocked.end(agreement.name, etag=agreement.etag)
    assert ended.state == ENDED
    assert ended.end_time.ToDatetime() < agreement.end_time.ToDatetime()
    await stocked.refused(stocked.end(agreement.name), "AGREEMENT_ENDED")
    # Approved it was, and stays; the end is a decision of its own.
    assert len((await stocked.get_request(asked.name)).decisions) == 2
    assert (await notifications(stocked, 3))[2].subject == asked.name
    assert (await stocked.ask()).state == PENDING


async def test_agreements_begin_and_end_when_approved_for(stocked):
    asked = await stocked.ask()
    approved = await stocked.approve(asked.name, begin_time=after(days=2), end_time=after(days=9))
    agreement = await stocked.get_agreement(approved.access_agreement)
    assert agreement.state == UPCOMING
    other = await stocked.ask("countries/WSM/capabilities/DNA")
    # A begin that is past already is now.
    past = await stocked.approve(other.name, begin_time=after(days=-2), end_time=after(days=1))
    assert (await stocked.get_agreement(past.access_agreement)).begin_time.ToDatetime(UTC) > after(days=-1).ToDatetime(
        UTC
    )
    listed = (await stocked.list_agreements()).access_agreements
    assert [one.name for one in listed] == [past.access_agreement, agreement.name]
    for state, name in (("ACTIVE", past.access_agreement), ("UPCOMING", agreement.name)):
        (one,) = (await stocked.list_agreements(filter=f"state = {state}")).access_agreements
        assert one.name == name
    assert not (await stocked.list_agreements(filter="state = ENDED")).access_agreements
    await stocked.end(agreement.name)
    assert len((await stocked.list_agreements(filter="state = ENDED")).access_agreements) == 1


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (after(days=3), after(days=2)),
        (None, after(days=-1)),
        (None, after(days=6 * 365)),
        (Timestamp(seconds=253402300000), None),
    ],
)
async def test_periods_that_cannot_be_agreed_on(stocked, begin, end):
    asked = await stocked.ask()
    await stocked.refused(stocked.approve(asked.name, begin_time=begin, end_time=end), "AGREEMENT_PERIOD_INVALID")
    await stocked.refused(
        stocked.approve(asked.name, end_time=Timestamp(seconds=10**14)), "INVALID_FIELD", field="end_time"
    )
    assert (await stocked.get_request(asked.name)).state == PENDING


async def test_one_access_of_a_unit_at_a_time(stocked):
    asked = await stocked.ask()
    await stocked.refused(stocked.ask(metadata=stocked.as_("epeli", "officer@tcu")), "ACCESS_ALREADY_OPEN")
    await stocked.approve(asked.name)
    await stocked.refused(stocked.ask(), "ACCESS_ALREADY_OPEN")
    await stocked.ask(unit="ncb", metadata=stocked.as_("ana", "officer@ncb"))
    both = await asyncio.gather(
        *(stocked.ask("countries/WSM/capabilities/DNA", metadata=stocked.as_(who, "officer@tcu")) for who in "abcd"),
        return_exceptions=True,
    )
    assert len([one for one in both if isinstance(one, access_request_pb2.AccessRequest)]) == 1


async def test_a_repeat_gets_the_first_answer(stocked):
    request_id = str(uuid.uuid4())
    asked = await stocked.ask(request_id=request_id)
    assert await stocked.ask(request_id=request_id) == asked
    approved = await stocked.approve(asked.name, request_id=request_id)
    assert await stocked.approve(asked.name, request_id=request_id) == approved


async def test_what_cannot_be_asked_for(stocked):
    await stocked.refused(stocked.ask(unit="ncb"), "ACCESS_UNIT_NOT_YOURS", field="access_request.unit")
    learner = stocked.as_("litia", "officer@tcu", "learner@academy")
    await stocked.refused(stocked.ask(unit="academy", metadata=learner), "ACCESS_UNIT_NOT_YOURS")
    await stocked.refused(stocked.ask(unit="tcu", metadata=stocked.as_("x", "learner@tcu")), "PERMISSION_DENIED")
    await stocked.refused(stocked.ask(LAWS), "CAPABILITY_NEEDS_NO_ACCESS", field="access_request.capability")
    await stocked.refused(stocked.ask("countries/WSM/capabilities/XX"), "NOT_FOUND", field="access_request.capability")
    for field, value in (
        ("capability", "SV"),
        ("justification", ""),
        ("justification", "x" * 2001),
        ("justification", "a\0b"),
        ("purpose", 0),
        ("purpose", 99),
    ):
        call = stocked.ask(**{field: value})
        await stocked.refused(call, "INVALID_FIELD", field=f"access_request.{field}")
    assert not (await stocked.list_requests(stocked.head)).access_requests


async def test_requests_are_seen_by_who_asked_the_unit_and_who_decides_or_oversees(stocked):
    asked = await stocked.ask()
    seeing = [
        stocked.officer,
        stocked.as_("epeli", "officer@tcu"),
        stocked.head,
        stocked.as_("admin", "auditor@ncb"),
        stocked.as_("dpo", "data_protection_officer@ncb"),
    ]
    for who in seeing:
        assert (await stocked.get_request(asked.name, who)).name == asked.name
        assert len((await stocked.list_requests(who)).access_requests) == 1
    blind = [stocked.as_("ana", "officer@ncb"), stocked.as_("x", "officer@academy", "learner@tcu")]
    for who in blind:
        await stocked.refused(stocked.get_request(asked.name, who), "NOT_FOUND")
        assert not (await stocked.list_requests(who)).access_requests
    await stocked.refused(stocked.get_request(NOBODY), "NOT_FOUND")
    await stocked.refused(
        stocked.get_request(asked.name, stocked.as_("mele", "ncb_head@ncb", country="TON")), "PERMISSION_DENIED"
    )
    await stocked.refused(stocked.list_requests(stocked.as_("mele", "learner@tcu")), "PERMISSION_DENIED")


async def test_lists_are_filtered_and_paged(stocked):
    asked = [await stocked.ask(f"countries/WSM/capabilities/{code}") for code in ("SV", "DNA", "IFRS")]
    await stocked.approve(asked[1].name)
    listed = (await stocked.list_requests(filter="state = PENDING")).access_requests
    assert [one.name for one in listed] == [asked[0].name, asked[2].name]
    (approved,) = (await stocked.list_requests(filter="state = APPROVED")).access_requests
    assert [decision.verdict for decision in approved.decisions] == [access_request_pb2.ACCESS_VERDICT_APPROVE]
    (one,) = (await stocked.list_requests(filter=f'capability = "{VESSELS}"')).access_requests
    assert one.name == asked[0].name
    first = await stocked.list_requests(page_size=2)
    rest = await stocked.list_requests(page_size=2, page_token=first.next_page_token)
    assert [one.name for one in (*first.access_requests, *rest.access_requests)] == [one.name for one in asked]
    await stocked.refused(
        stocked.list_requests(stocked.head, page_token=first.next_page_token, page_size=2), "INVALID_PAGE_TOKEN"
    )


async def test_decisions_need_the_current_etag(stocked):
    asked = await stocked.ask()
    await stocked.refused(stocked.approve(asked.name, etag='"other"'), "ETAG_MISMATCH")
    await stocked.refused(stocked.withdraw(asked.name, etag='"other"'), "ETAG_MISMATCH")
    assert (await stocked.refuse(asked.name, etag=asked.etag)).state == REFUSED


async def test_two_who_decide_at_once_do_not_both_succeed(stocked):
    asked = await stocked.ask()
    deputy = stocked.as_("vika", "ncb_head@ncb")
    both = await asyncio.gather(stocked.approve(asked.name), stocked.refuse(asked.name, deputy), return_exceptions=True)
    assert len([one for one in both if isinstance(one, access_request_pb2.AccessRequest)]) == 1
    assert len((await stocked.get_request(asked.name)).decisions) == 1


async def test_agreements_are_for_the_own_country(stocked):
    approved = await stocked.approve((await stocked.ask()).name)
    tonga = stocked.as_("mele", "officer@ncb", country="TON")
    await stocked.refused(stocked.get_agreement(approved.access_agreement, tonga), "PERMISSION_DENIED")
    await stocked.refused(stocked.list_agreements(tonga), "PERMISSION_DENIED")
    unknown = NOBODY.replace("accessRequests", "accessAgreements")
    await stocked.refused(stocked.get_agreement(unknown), "NOT_FOUND")
    await stocked.refused(stocked.end(unknown), "NOT_FOUND")
    pending = await stocked.ask("countries/WSM/capabilities/DNA")
    never = pending.name.replace("accessRequests", "accessAgreements")
    await stocked.refused(stocked.end(never), "NOT_FOUND")
