import pytest
from sqlalchemy import text

from bluepacific.identity.v1 import officer_pb2, officer_service_pb2, proposal_pb2
from bluepacific.identity.v1 import proposal_service_pb2 as pb

BEN = "countries/FJI/officers/ben"


@pytest.fixture
async def away(station):
    """Ben has left; to let him back in takes two."""
    request = officer_service_pb2.DeactivateOfficerRequest(name=BEN)
    await station.officers.DeactivateOfficer(request, metadata=station.admin)
    return station


def let_in(station, metadata=None, name=BEN):
    request = officer_service_pb2.ActivateOfficerRequest(name=name)
    return station.officers.ActivateOfficer(request, metadata=metadata or station.admin)


def second(station):
    return station.as_("litia", "administrator@tcu")


async def proposed(station, **named):
    await station.refused(let_in(station, **named), "SECOND_PERSON_MUST_CONFIRM")
    listing = pb.ListProposalsRequest(parent="countries/FJI", filter='state = "OPEN"')
    return list((await station.proposals.ListProposals(listing, metadata=station.admin)).proposals)


def confirm(station, name, metadata):
    return station.proposals.ConfirmProposal(pb.ConfirmProposalRequest(name=name), metadata=metadata)


def refuse(station, name, metadata):
    return station.proposals.RefuseProposal(pb.RefuseProposalRequest(name=name), metadata=metadata)


async def state_of(station):
    request = officer_service_pb2.GetOfficerRequest(name=BEN)
    return (await station.officers.GetOfficer(request, metadata=station.admin)).state


async def test_it_takes_effect_once_a_second_person_confirms(away):
    [proposal] = await proposed(away)
    assert (proposal.act, proposal.subject, proposal.proposer) == (
        "identity.officers.activate",
        BEN,
        "countries/FJI/officers/ana",
    )
    assert BEN in proposal.content
    assert await state_of(away) == officer_pb2.OFFICER_STATE_INACTIVE
    await away.refused(confirm(away, proposal.name, away.admin), "PROPOSAL_IS_YOUR_OWN")
    done = await confirm(away, proposal.name, second(away))
    assert (done.state, done.decider) == (proposal_pb2.PROPOSAL_STATE_CONFIRMED, "countries/FJI/officers/litia")
    assert await state_of(away) == officer_pb2.OFFICER_STATE_ACTIVE
    for call in (confirm, refuse):
        await away.refused(call(away, proposal.name, second(away)), "PROPOSAL_CLOSED")


async def test_a_repeat_is_the_proposal_that_there_is(away):
    assert await proposed(away) == await proposed(away)


async def test_after_three_days_it_can_no_longer_be_confirmed(away):
    [proposal] = await proposed(away)
    away.clock.passes(days=3)
    await away.refused(confirm(away, proposal.name, second(away)), "PROPOSAL_CLOSED")
    assert await state_of(away) == officer_pb2.OFFICER_STATE_INACTIVE


async def test_its_proposer_takes_it_back(away):
    [proposal] = await proposed(away)
    assert (await refuse(away, proposal.name, away.admin)).state == proposal_pb2.PROPOSAL_STATE_REFUSED
    await away.refused(confirm(away, proposal.name, second(away)), "PROPOSAL_CLOSED")


async def test_who_cannot_confirm(away):
    [proposal] = await proposed(away)
    abroad = away.as_("mele", "administrator@ncb", country="TON")
    unheld = away.as_("litia", "ncb_head@ncb")
    for metadata in (abroad, unheld):
        await away.refused(confirm(away, proposal.name, metadata), "PERMISSION_DENIED")
    unknown = f"{proposal.name[:-12]}{'0' * 12}"
    await away.refused(confirm(away, unknown, second(away)), "NOT_FOUND")
    await away.refused(confirm(away, "countries/FJI/proposals/x", second(away)), "INVALID_FIELD", field="name")
    assert await state_of(away) == officer_pb2.OFFICER_STATE_INACTIVE


async def test_what_can_no_longer_be_done_stays_open(away):
    await away.refused(let_in(away, name="countries/FJI/officers/nobody"), "SECOND_PERSON_MUST_CONFIRM")
    listing = pb.ListProposalsRequest(parent="countries/FJI")
    [proposal] = (await away.proposals.ListProposals(listing, metadata=away.admin)).proposals
    await away.refused(confirm(away, proposal.name, second(away)), "NOT_FOUND")
    [still] = (await away.proposals.ListProposals(listing, metadata=away.admin)).proposals
    assert still.state == proposal_pb2.PROPOSAL_STATE_OPEN


async def test_both_persons_stand_in_the_audit(away):
    [proposal] = await proposed(away)
    await confirm(away, proposal.name, second(away))
    async with away.under_test.service.database.read() as session:
        found = await session.execute(text("SELECT principal, name, outcome FROM audit ORDER BY position"))
        kept = [tuple(row) for row in found]
    assert ("countries/FJI/officers/ana", BEN, "SECOND_PERSON_MUST_CONFIRM") in kept
    assert ("countries/FJI/officers/litia", proposal.name, "OK") in kept
