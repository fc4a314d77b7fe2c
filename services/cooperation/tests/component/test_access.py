"""What a record's handling lets whom do; what somebody may not find does not exist, in lists, search and notifications too."""

import pytest
from bureau import AMBER, TON
from pydantic import ValidationError
from stix import bundle, vessel

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import access_service_pb2 as access_pb
from bluepacific.cooperation.v1.access_service_pb2_grpc import AccessServiceStub
from bluepacific.notifications.v1 import events_pb2
from bp_cooperation.settings import CooperationSettings

TOLD = "bluepacific.notifications.v1.notification.requested"


def handled(tlp=handling_pb2.TLP_AMBER, **fields):
    return handling_pb2.Handling(tlp=tlp, purpose=AMBER.purpose, **fields)


async def arrived(fji, ton, handling):
    """Returns a request with an entity and a file that has come to Tonga, and the file."""
    draft = await fji.draft(handling=handling, bundle=bundle(vessel()), recipients=[TON])
    file = await fji.upload(draft.name, b"papers")
    await fji.send(draft.name)
    await fji.pass_on("request.opened", ton)
    return draft, file


CLOSED = {
    "red, analyst": (handling_pb2.TLP_RED, "analyst@ncb"),
    "red, liaison": (handling_pb2.TLP_RED, "liaison@ncb"),
    "strict, liaison": (handling_pb2.TLP_AMBER_STRICT, "liaison@ncb"),
}


@pytest.mark.parametrize("case", CLOSED)
async def test_what_a_label_shuts_out_does_not_exist(fji, ton, case):
    tlp, role = CLOSED[case]
    request, file = await arrived(fji, ton, handled(tlp))
    stranger = ton.as_("sione", role)
    unknown = request.name[:-12] + "0" * 12
    for call in (ton.get(request.name, stranger), ton.get(unknown, stranger), ton.download(file.name, stranger)):
        await ton.refused(call, "NOT_FOUND")
    assert not (await ton.listed(stranger)).requests
    assert not (await ton.search("moana", stranger)).entities
    # Whom it is for finds it all the same.
    assert len((await ton.listed()).requests) == len((await ton.search("moana")).entities) == 1
    told = events_pb2.NotificationRequested.FromString((await ton.topics.wait_sent(TOLD))[-1].payload)
    assert role.partition("@")[0] not in told.roles
    assert "duty_officer" in told.roles


async def test_pages_are_full_whatever_is_passed_over(fji, ton):
    for number in range(6):
        tlp = handling_pb2.TLP_RED if number % 2 else handling_pb2.TLP_GREEN
        await arrived(fji, ton, handled(tlp))
    page = await ton.listed(ton.as_("sione", "analyst@ncb"), page_size=2)
    assert len(page.requests) == 2
    rest = await ton.listed(ton.as_("sione", "analyst@ncb"), page_size=2, page_token=page.next_page_token)
    assert (len(rest.requests), rest.next_page_token) == (1, "")


@pytest.mark.parametrize("purpose", ["MISSING_PERSONS", "DATA_PROTECTION", "TRAINING"])
async def test_it_is_not_read_for_another_purpose(fji, ton, purpose):
    request, file = await arrived(fji, ton, handled())
    curious = ton.as_("mele", "officer@ncb", purpose=purpose)
    await ton.refused(ton.get(request.name, curious), "HANDLING_FORBIDS")
    await ton.refused(ton.download(file.name, curious), "HANDLING_FORBIDS")
    assert await ton.get(request.name, ton.as_("mele", "officer@ncb", purpose="IMMEDIATE_THREAT"))


async def test_a_code_keeps_it_on_the_platform_but_for_its_owner(fji, ton):
    _, file = await arrived(fji, ton, handled(codes=["H2"]))
    await ton.refused(ton.download(file.name), "HANDLING_FORBIDS")
    assert await fji.download(file.name)


async def test_a_code_asks_for_clearance(fji, ton):
    draft = await fji.refused(fji.draft(handling=handled(codes=["C1"])), "HANDLING_FORBIDS")
    assert draft.code == 7
    cleared = fji.as_("ana", "officer@ncb", clearance=1)
    request = await fji.draft(handling=handled(codes=["C1"]), recipients=[TON], as_=cleared)
    await fji.send(request.name, as_=cleared)
    await fji.pass_on("request.opened", ton)
    await ton.refused(ton.get(request.name), "NOT_FOUND")
    assert await ton.get(request.name, ton.as_("mele", "officer@ncb", clearance=1))


def test_rules_that_permit_are_refused_before_anything_starts(tmp_path):
    file = tmp_path / "own.cedar"
    file.write_text('@id("x")\n@en("x")\npermit (principal, action, resource);')
    for path, why in (
        (file, "own.cedar:1: x permits; a country's own rules can only forbid"),
        (tmp_path / "none.cedar", "cannot be read"),
    ):
        with pytest.raises(ValidationError, match=why) as refused:
            CooperationSettings(database_url="sqlite+aiosqlite://", access_rules=path)
        assert refused.value.errors()[0]["loc"] == ("access_rules",)
    file.write_text('@id("x")\n@en("x")\nforbid (principal, action, resource);')
    assert CooperationSettings(database_url="sqlite+aiosqlite://", access_rules=file).country_rules()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "for officers, duty officers"), ("fr", "est réservé"), ("es", "es solo para"), ("ar", "مخصص")],
)
async def test_a_decision_is_explained(fji, ton, language, words):
    request, _ = await arrived(fji, ton, handled(handling_pb2.TLP_RED))
    accesses = AccessServiceStub(ton.under_test.channel)
    asked = access_pb.ExplainAccessRequest(
        parent="countries/TON",
        record=request.name,
        roles=[access_pb.HeldRole(role="analyst", unit=TON)],
        act=access_pb.ACT_READ,
        purpose=AMBER.purpose,
    )
    auditor = ton.as_("tupou", "auditor@ncb", language=language)
    told = await accesses.ExplainAccess(asked, metadata=auditor)
    assert not told.allowed
    assert [(rule.rule_id, rule.permits, rule.own) for rule in told.rules] == [("tlp.red", False, False)]
    assert words in told.rules[0].text
    asked.roles[0].role = "officer"
    assert (await accesses.ExplainAccess(asked, metadata=auditor)).allowed
    await ton.refused(accesses.ExplainAccess(asked, metadata=ton.officer), "PERMISSION_DENIED")
    asked.record = request.name[:-12] + "0" * 12
    await ton.refused(accesses.ExplainAccess(asked, metadata=auditor), "NOT_FOUND")


async def test_who_wrote_it_is_shown_in_the_authors_country_only(fji, ton):
    request, _ = await arrived(fji, ton, handled())
    at_home, abroad = await fji.get(request.name), await ton.get(request.name)
    assert (at_home.officer, [*at_home.withheld_fields]) == ("countries/FJI/officers/ana", [])
    assert (abroad.officer, [*abroad.withheld_fields]) == ("", ["officer"])
    (listed,) = (await ton.listed()).requests
    assert (listed.officer, [*listed.withheld_fields]) == ("", ["officer"])
    reply = await ton.sent_reply(request.name)
    assert reply.officer.startswith("countries/TON/officers/")
    await ton.pass_on("reply.sent", fji)
    (seen,) = (await fji.listed_replies(request.name)).replies
    assert (seen.officer, [*seen.withheld_fields]) == ("", ["officer"])
