"""Everything about a person, everywhere: identity asks all services, holds officers itself, and keeps who has not answered."""

import uuid
from datetime import timedelta

import pytest

from bluepacific.common.v1 import subject_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.identity.v1 import officer_service_pb2 as officers_pb
from bluepacific.identity.v1 import proposal_service_pb2 as proposals_pb
from bluepacific.identity.v1 import subject_operation_pb2
from bluepacific.identity.v1 import subject_service_pb2 as pb
from bluepacific.identity.v1 import subject_service_pb2_grpc as grpc_
from bp_identity.adapters.proposals import forget_persons
from bp_kit.personal import personal_messages
from bp_kit.subjects.desk import ANSWERED, asked_topic
from bp_kit.testing.subjects import ask_about, stands

ANA, BEN = "countries/FJI/officers/ana", "countries/FJI/officers/ben"
REQUEST = "countries/FJI/requests/0198c0de-0000-7000-8000-000000000001"
SERVICES = sorted(personal_messages())
RUNNING, DONE = (
    subject_operation_pb2.SUBJECT_OPERATION_STATE_RUNNING,
    subject_operation_pb2.SUBJECT_OPERATION_STATE_DONE,
)


class Console:
    """What a data-protection officer does."""

    def __init__(self, station):
        self.station = station
        self.stub = grpc_.SubjectServiceStub(station.under_test.channel)
        self.officer = (*station.as_("dee", "data_protection_officer@ncb"), ("x-purpose", "DATA_PROTECTION"))

    def begin(self, act="FIND", *, metadata=None, records=(), reason="letter 12/2026", corrections=None, **subject):
        operation = subject_operation_pb2.SubjectOperation(
            act=subject_pb2.SubjectAct.Value(f"SUBJECT_ACT_{act}"),
            subject=subject_pb2.Subject(**subject),
            records=records,
            reason=reason,
            corrections=[subject_pb2.Correction(field=f, value=v) for f, v in (corrections or {}).items()],
        )
        request = pb.CreateSubjectOperationRequest(parent="countries/FJI", subject_operation=operation)
        return self.stub.CreateSubjectOperation(request, metadata=metadata or self.officer)

    def look(self, name, metadata=None):
        return self.stub.GetSubjectOperation(
            pb.GetSubjectOperationRequest(name=name), metadata=metadata or self.officer
        )

    async def answer(self, operation, service, country="FJI", findings=(), act="FIND"):
        """Answers for a service that does not run here."""
        answered = subject_pb2.SubjectAnswered(
            operation=operation,
            service=service,
            act=subject_pb2.SubjectAct.Value(f"SUBJECT_ACT_{act}"),
            findings=findings,
            total_count=len(findings),
        )
        await self.station.topics.deliver(
            topics_pb2.Message(
                message_id=str(uuid.uuid4()),
                topic=ANSWERED,
                author=f"countries/{country}",
                recipients=["countries/FJI"],
                payload=answered.SerializeToString(),
            )
        )

    async def asked(self, service, count=1):
        sent = (await self.station.topics.wait_sent(asked_topic(service), count))[count - 1]
        return list(sent.recipients), subject_pb2.SubjectAsked.FromString(sent.payload)


@pytest.fixture
def console(station):
    return Console(station)


async def test_every_service_with_personal_data_is_asked(console):
    begun = await console.begin(officer=BEN)
    assert (begun.state, begun.officer) == (RUNNING, "countries/FJI/officers/dee")
    assert [one.service for one in begun.answers] == SERVICES
    assert not any(one.HasField("answer_time") for one in begun.answers)
    for service in SERVICES:
        recipients, asked = await console.asked(service)
        assert (recipients, asked.operation, asked.subject.officer) == (["countries/FJI"], begun.name, BEN)


async def test_nodes_with_copies_are_told_the_records_and_never_the_person(console):
    begun = await console.begin(display_name="Sione Kata", identifier="P-1234567")
    held = subject_pb2.Finding(
        record=REQUEST,
        kind="bluepacific.cooperation.v1.Request",
        state=subject_pb2.FINDING_STATE_READABLE,
        holders=["countries/TON"],
    )
    await console.answer(begun.name, "cooperation", findings=[held])
    recipients, asked = await console.asked("cooperation", 2)
    assert (recipients, list(asked.records)) == (["countries/TON"], [REQUEST])
    assert not asked.HasField("subject")
    for service in SERVICES:
        if service != "cooperation":
            await console.answer(begun.name, service)
    seen = await console.look(begun.name)
    waiting = [(one.country, one.service) for one in seen.answers if not one.HasField("answer_time")]
    assert (seen.state, waiting) == (RUNNING, [("countries/TON", "cooperation")])
    await console.answer(begun.name, "cooperation", country="TON", findings=[held])
    seen = await console.look(begun.name)
    assert seen.state == DONE
    assert sum(one.total_count for one in seen.answers) == 2


async def test_nobody_answers_what_was_not_asked_or_for_another_country(console):
    begun = await console.begin(officer=BEN)
    await console.answer(begun.name, "cooperation", country="WSM")
    await console.answer(begun.name.replace("FJI", "TON"), "cooperation")
    seen = await console.look(begun.name)
    assert not any(one.HasField("answer_time") for one in seen.answers)


async def test_what_cannot_be_carried_out_is_refused(console):
    refused = console.station.refused
    field = "subject_operation."
    await refused(console.begin(), "INVALID_FIELD", field=f"{field}subject")
    await refused(console.begin(officer=BEN, display_name="Ben"), "INVALID_FIELD", field=f"{field}subject")
    await refused(
        console.begin(officer="countries/TON/officers/mele"), "INVALID_FIELD", field=f"{field}subject.officer"
    )
    await refused(console.begin("ERASE", officer=BEN, reason=" "), "INVALID_FIELD", field=f"{field}reason")
    await refused(console.begin("CORRECT", officer=BEN), "INVALID_FIELD", field=f"{field}corrections")
    await refused(
        console.begin("CORRECT", officer=BEN, corrections={"display_name": "Ben"}),
        "INVALID_FIELD",
        field=f"{field}corrections",
    )
    await refused(console.begin("UNSPECIFIED", officer=BEN), "INVALID_FIELD", field=f"{field}act")
    purposeless = console.station.as_("dee", "data_protection_officer@ncb")
    await refused(console.begin(officer=BEN, metadata=purposeless), "PURPOSE_REQUIRED")
    await refused(console.begin(officer=BEN, metadata=console.station.admin), "PERMISSION_DENIED")
    abroad = console.station.as_("lisi", "data_protection_officer@ncb", country="TON")
    stated = (*abroad, ("x-purpose", "DATA_PROTECTION"))
    begun = await console.begin(officer=BEN)
    await refused(console.look(begun.name, stated), "PERMISSION_DENIED")
    absent = "countries/FJI/subjectOperations/0198c0de-0000-7000-8000-000000000009"
    await refused(console.look(absent), "NOT_FOUND")


def read(station, name, metadata):
    return station.officers.GetOfficer(officers_pb.GetOfficerRequest(name=name), metadata=metadata)


async def listed(station, metadata):
    request = officers_pb.ListOfficersRequest(parent="countries/FJI")
    return [one.name for one in (await station.officers.ListOfficers(request, metadata=metadata)).officers]


async def test_who_is_blocked_is_there_for_data_protection_officers_alone(station, console):
    blocked = await ask_about(station.under_test, "BLOCK", officer=BEN)
    assert stands(blocked)[BEN] == "BLOCKED"
    await station.refused(read(station, BEN, station.admin), "NOT_FOUND")
    assert BEN not in await listed(station, station.admin)
    assert (await read(station, BEN, console.officer)).given_name == "Ben"
    assert BEN in await listed(station, console.officer)
    assert stands(await ask_about(station.under_test, "UNBLOCK", officer=BEN))[BEN] == "READABLE"
    assert (await read(station, BEN, station.admin)).given_name == "Ben"


async def test_an_officer_is_found_by_name_and_by_address(station):
    by_name = await ask_about(station.under_test, display_name="tuilagi BEN")
    by_address = await ask_about(station.under_test, identifier="Ben@police.example.fj")
    assert stands(by_name) == stands(by_address) == {BEN: "READABLE"}
    assert stands(await ask_about(station.under_test, display_name="Ben", country="TON")) == {}


async def test_an_officer_who_has_left_is_erased_and_a_stub_stays(station):
    assert stands(await ask_about(station.under_test, "ERASE", officer=BEN))[BEN] == "STILL_IN_POST"
    await station.officers.DeactivateOfficer(officers_pb.DeactivateOfficerRequest(name=BEN), metadata=station.admin)
    await ask_about(station.under_test, "HOLD", officer=BEN)
    assert stands(await ask_about(station.under_test, "ERASE", officer=BEN))[BEN] == "LEGAL_HOLD"
    await ask_about(station.under_test, "RELEASE", officer=BEN)
    erased = stands(await ask_about(station.under_test, "ERASE", officer=BEN))
    assert erased.pop(BEN) == "ERASED"
    assert set(erased.values()) == {"OFFICIAL_ACT"}
    stub = await read(station, BEN, station.admin)
    assert (stub.given_name, stub.family_name, stub.email) == ("", "", "ben@erased.invalid")
    assert stands(await ask_about(station.under_test, officer=BEN))[BEN] == "ERASED"


async def test_an_officer_is_put_right_and_others_hear_of_it(station):
    before = len(await station.topics.wait_sent("bluepacific.notifications.v1.contact.changed"))
    corrected = await ask_about(station.under_test, "CORRECT", officer=BEN, corrections={"family_name": "Tuilagi-Rex"})
    assert stands(corrected)[BEN] == "CORRECTED"
    assert (await read(station, BEN, station.admin)).family_name == "Tuilagi-Rex"
    await station.topics.wait_sent("bluepacific.notifications.v1.contact.changed", before + 1)
    taken = await ask_about(
        station.under_test, "CORRECT", officer=BEN, corrections={"email": "ana.vakatale@police.example.fj"}
    )
    assert stands(taken)[BEN] == "REFUSED"


async def test_earlier_operations_forget_who_was_erased(station, console):
    begun = await console.begin(display_name="Sione Kata")
    assert stands(await ask_about(station.under_test, display_name="sione kata")) == {begun.name: "READABLE"}
    await ask_about(station.under_test, "ERASE", display_name="Sione Kata")
    assert (await console.look(begun.name)).subject.display_name == ""


async def test_reads_of_people_go_to_the_log(station, console):
    await read(station, BEN, station.admin)
    await station.refused(read(station, BEN, station.as_("ben", "officer@tcu")), "PERMISSION_DENIED")
    reads = [one for one in await station.topics.wait_reads(2) if one.permission == "identity.officers.get"]
    assert [(one.record, one.principal, one.allowed) for one in reads] == [(BEN, ANA, True), (BEN, BEN, False)]


async def test_what_another_node_says_was_erased_before_a_restore_is_erased_again(console):
    lost = f"countries/FJI/subjectOperations/{uuid.uuid4()}"
    erased = subject_pb2.Finding(
        record=REQUEST, kind="bluepacific.cooperation.v1.Request", state=subject_pb2.FINDING_STATE_ERASED
    )
    foreign = subject_pb2.Finding(
        record=REQUEST.replace("FJI", "WSM"),
        kind="bluepacific.cooperation.v1.Request",
        state=subject_pb2.FINDING_STATE_ERASED,
    )
    await console.answer(lost, "cooperation", country="WSM", findings=[erased, foreign], act="ERASE")
    recipients, asked = await console.asked("cooperation")
    assert (recipients, asked.operation, list(asked.records)) == (["countries/FJI"], lost, [REQUEST])
    assert asked.act == subject_pb2.SUBJECT_ACT_ERASE
    await console.answer(lost, "cooperation", findings=[erased], act="ERASE")
    assert (await console.look(lost)).state == DONE


async def test_records_alone_are_enough_to_erase_again(console):
    begun = await console.begin("ERASE", records=[REQUEST])
    for service in SERVICES:
        _, asked = await console.asked(service)
        assert (asked.operation, list(asked.records)) == (begun.name, [REQUEST])


@pytest.fixture
async def two(station):
    """Fiji has two data-protection officers."""
    for who in ("ana", "ben"):
        await station.in_force(station.grant(who, "data_protection_officer"))
    return Console(station)


def officer_of_two(station, who="ben"):
    return (*station.as_(who, "data_protection_officer@tcu"), ("x-purpose", "DATA_PROTECTION"))


async def waiting(station, metadata):
    request = proposals_pb.ListProposalsRequest(
        parent="countries/FJI", filter='act = "identity.subjectOperations.create"'
    )
    return list((await station.proposals.ListProposals(request, metadata=metadata)).proposals)


async def test_to_erase_takes_two_where_there_are_two(station, two):
    await station.officers.DeactivateOfficer(officers_pb.DeactivateOfficerRequest(name=BEN), metadata=station.admin)
    erase = two.begin("ERASE", display_name="Sione Kata", metadata=officer_of_two(station, "ana"))
    await station.refused(erase, "SECOND_PERSON_MUST_CONFIRM")
    # All else takes one.
    assert (await two.begin("BLOCK", display_name="Sione Kata")).state == RUNNING
    [proposal] = await waiting(station, officer_of_two(station))
    assert "Sione Kata" in proposal.content
    # Who administers the country sees that there is something, and not about whom; and cannot decide it.
    [unnamed] = await waiting(station, station.admin)
    assert unnamed.content == ""
    confirm = proposals_pb.ConfirmProposalRequest(name=proposal.name)
    for who, reason in (
        (station.admin, "PERMISSION_DENIED"),
        (officer_of_two(station, "ana"), "PROPOSAL_IS_YOUR_OWN"),
    ):
        await station.refused(station.proposals.ConfirmProposal(confirm, metadata=who), reason)
    refuse = proposals_pb.RefuseProposalRequest(name=proposal.name)
    await station.refused(station.proposals.RefuseProposal(refuse, metadata=station.admin), "PERMISSION_DENIED")
    await station.proposals.ConfirmProposal(confirm, metadata=officer_of_two(station))
    _, asked = await two.asked("cooperation", 2)
    assert asked.act == subject_pb2.SUBJECT_ACT_ERASE


async def test_a_closed_proposal_forgets_the_person(station, two):
    for name in ("Sione Kata", "Mere Kata"):
        erase = two.begin("ERASE", display_name=name, metadata=officer_of_two(station, "ana"))
        await station.refused(erase, "SECOND_PERSON_MUST_CONFIRM")
    first, _ = await waiting(station, officer_of_two(station))
    refuse = proposals_pb.RefuseProposalRequest(name=first.name)
    await station.proposals.RefuseProposal(refuse, metadata=officer_of_two(station, "ana"))
    now = station.clock.now

    async def told(at):
        async with station.under_test.service.database.write() as session:
            await forget_persons(session, at)
        return [one.content for one in await waiting(station, officer_of_two(station))]

    refused, still_open = await told(now)
    assert "Kata" not in refused
    assert "Mere Kata" in still_open
    assert not any("Kata" in one for one in await told(now + timedelta(days=4)))
