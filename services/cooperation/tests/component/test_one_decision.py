"""The same decision gates reading, searching, exporting, notifying, replying and forwarding: what a rule forbids, no method gives.

A country's own rules forbid one act for each clearance, and nothing for the seeder's. Which methods must obey is read from the descriptors,
so that a new one does, too.
"""

import pytest
from bureau import FJI, NOTIFICATION, PTCCC, TON
from stix import bundle, vessel

from bp_kit.rpc.methods import method_of
from bp_kit.testing.hidden import Onlooker, lists, people_methods, probes

FORBIDDEN = {"find": 0, "notify": 0, "read": 1, "export": 2, "reply": 3, "forward": 4}
FREE = 5


@pytest.fixture
def rules(tmp_path):
    texts = [
        f'@id("own.{act}")\n@en("Not {act}.")\nforbid (principal, action == BluePacific::Action::"{act}", resource)\n'
        f"when {{ principal.clearance == {clearance} }};"
        for act, clearance in FORBIDDEN.items()
    ]
    file = tmp_path / "own.cedar"
    file.write_text("\n".join(texts))
    return file


@pytest.fixture
async def gated(open_bureau, ton, rules):
    """Fiji's bureau under those rules, and the names of what is there."""
    async with open_bureau("FJI", access_rules=rules) as fji:
        free = fji.as_("ana", "officer@ncb", clearance=FREE)
        sent = await fji.draft(as_=free, bundle=bundle(vessel()), recipients=[TON])
        file = await fji.upload(sent.name, b"papers", as_=free)
        await fji.send(sent.name, as_=free)
        await fji.pass_on("request.opened", ton)
        reply = await ton.sent_reply(sent.name, bundle=bundle(vessel("FV Two")))
        await ton.pass_on("reply.sent", fji)
        entities = [one.name for one in (await fji.search(as_=free)).entities]
        yield fji, [sent.name, file.name, reply.name, *entities]


async def outcomes(fji, names, clearance):
    """Yields each method that changes nothing and a name, with whether it was given."""
    onlooker, others = Onlooker(fji.under_test.channel), ("countries/FJI", FJI)
    for probe, name in probes(fji.under_test.service, names, others):
        method = method_of(probe.path)
        if method.read_only and "officer" in method.access.roles:
            as_ = fji.as_("sione", "officer@ncb", clearance=clearance)
            seen = await onlooker.see(probe, probe.request(name, others), as_, name=name)
            yield probe.method, seen.answer


async def test_what_may_not_be_found_is_nowhere(gated):
    fji, names = gated
    asked = set()
    async for method, answer in outcomes(fji, names, FORBIDDEN["find"]):
        asked.add(method.name)
        assert answer.startswith("5 "), (method.full_name, answer)
    onlooker = Onlooker(fji.under_test.channel)
    for probe in lists(fji.under_test.service):
        request = probe.request("countries/-")
        if (
            request is not None
            and "officer" in method_of(probe.path).access.roles
            and probe.method.name != "ListAddressees"
        ):
            seen = await onlooker.see(probe, request, fji.as_("sione", "officer@ncb"), name="countries/-")
            assert seen.answer == "OK ", probe
    # An operation is no record: who may know of it is not its handling's to say.
    records = [
        one for one in people_methods(fji.under_test.service) if one.containing_service.name != "OperationService"
    ]
    assert asked >= {one.name for one in records if one.name.startswith(("Get", "Download"))}


async def test_what_may_not_be_exported_is_not_downloaded_and_what_may_not_be_read_is_not_shown(gated):
    fji, names = gated
    exporting, reading = set(), set()
    async for method, answer in outcomes(fji, names, FORBIDDEN["export"]):
        if method.server_streaming:
            exporting.add(method.name)
            assert answer.startswith(("5 ", "7 ")), (method.full_name, answer)
    async for method, answer in outcomes(fji, names, FORBIDDEN["read"]):
        if answer.startswith("7 "):
            reading.add(method.name)
            assert "own.read" in answer
    assert exporting == {one.name for one in people_methods(fji.under_test.service) if one.server_streaming}
    assert reading >= {"GetRequest", "GetReply", "GetEntity", "ListRevisions"}


async def test_what_may_not_be_answered_or_forwarded_is_not(gated):
    fji, (request, *_) = gated
    mute, held = (fji.as_("sione", "officer@ncb", clearance=FORBIDDEN[act]) for act in ("reply", "forward"))
    refused = await fji.refused(fji.draft_reply(request, as_=mute), "HANDLING_FORBIDS")
    assert "own.reply" in refused.message
    refused = await fji.refused(fji.share(request, PTCCC, as_=held), "HANDLING_FORBIDS")
    assert "own.forward" in refused.message
    assert await fji.share(request, PTCCC, as_=fji.as_("ana", "officer@ncb", clearance=FREE))


async def test_nobody_is_notified_of_what_they_may_not_be_told(gated):
    fji, _ = gated
    # The reply came in, and the rules let none of those be told who have no clearance.
    assert not [one for one in fji.topics.sent if one.topic == NOTIFICATION]
