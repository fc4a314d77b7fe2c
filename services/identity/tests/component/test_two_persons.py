import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sqlalchemy import text
from station import IMPORTER, OTHER_SEED, SECOND_SEED, SECRET, SEED

from bluepacific.identity.v1 import (
    client_pb2,
    client_service_pb2,
    officer_pb2,
    officer_service_pb2,
    proposal_pb2,
    role_pb2,
)
from bluepacific.identity.v1 import proposal_service_pb2 as pb

BEN = "countries/FJI/officers/ben"


@pytest.fixture
async def pair(open_station):
    """Two administer Fiji."""
    async with open_station(seeds=(SEED, SECOND_SEED, OTHER_SEED)) as opened:
        yield opened


@pytest.fixture
async def away(pair):
    """Ben has left; to let him back in takes two."""
    request = officer_service_pb2.DeactivateOfficerRequest(name=BEN)
    await pair.officers.DeactivateOfficer(request, metadata=pair.admin)
    return pair


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


def create_client(station, kind, metadata=None):
    client = client_pb2.Client(display_name="Records", kind=kind)
    request = client_service_pb2.CreateClientRequest(parent="countries/FJI", client_id="records", client=client)
    return station.clients.CreateClient(request, metadata=metadata or station.admin)


def give_client(station, role):
    grants = [client_pb2.ClientGrant(role=role, unit="countries/FJI/units/tcu")]
    client = client_pb2.Client(name=IMPORTER, grants=grants)
    request = client_service_pb2.UpdateClientRequest(client=client, update_mask=FieldMask(paths=["grants"]))
    return station.clients.UpdateClient(request, metadata=station.admin)


def reset_factor(station, name=BEN):
    request = officer_service_pb2.ResetSecondFactorRequest(name=name)
    return station.officers.ResetSecondFactor(request, metadata=station.admin)


@pytest.mark.parametrize("role", ["administrator", "data_protection_officer"])
async def test_a_role_of_trust_takes_two(pair, role):
    await pair.refused(pair.grant("ben", role), "SECOND_PERSON_MUST_CONFIRM")
    await pair.in_force(pair.grant("ben", role))
    assert role_pb2.Role.Value(f"ROLE_{role.upper()}") in {one.role for one in (await pair.grants_of("ben")).grants}
    assert await pair.grant("ben", "auditor")


async def test_a_program_that_acts_by_itself_takes_two(pair):
    await pair.refused(create_client(pair, client_pb2.CLIENT_KIND_SERVICE), "SECOND_PERSON_MUST_CONFIRM")
    await pair.refused(give_client(pair, role_pb2.ROLE_OFFICER), "SECOND_PERSON_MUST_CONFIRM")
    await pair.in_force(give_client(pair, role_pb2.ROLE_OFFICER))
    assert await create_client(pair, client_pb2.CLIENT_KIND_TERMINAL)


async def test_to_take_a_second_factor_away_takes_two(pair):
    await pair.with_totp("ben")
    await pair.refused(reset_factor(pair), "SECOND_PERSON_MUST_CONFIRM")
    await pair.refused(pair.sign_in("ben"), "TOTP_REQUIRED")
    await pair.in_force(reset_factor(pair))
    assert await pair.sign_in("ben")
    await pair.in_force(reset_factor(pair, "countries/FJI/officers/litia"))


async def test_a_password_handed_over_leaves_the_second_factor(pair):
    await pair.with_totp("ben")
    temporary = (await pair.reset("ben")).temporary_password
    await pair.refused(pair.sign_in("ben", temporary), "TOTP_REQUIRED")


async def test_nobody_gets_an_administrators_password(pair):
    await pair.refused(pair.reset("litia"), "RECOVERY_NEEDED")
    assert await pair.sign_in("litia")


async def test_a_program_proposes_nothing(pair):
    await pair.in_force(give_client(pair, role_pb2.ROLE_ADMINISTRATOR))
    form = {"grant_type": "client_credentials", "client_id": IMPORTER, "client_secret": SECRET}
    metadata = pair.bearing((await pair.token(form))[1]["access_token"])
    await pair.refused(pair.grant("ben", "administrator", metadata=metadata), "PERMISSION_DENIED")
    assert await pair.grant("ben", "officer", metadata=metadata)


async def test_a_country_whose_only_administrator_has_nobody_to_ask(station):
    assert await station.grant("ben", "administrator")
    await station.refused(station.grant("ben", "data_protection_officer"), "SECOND_PERSON_MUST_CONFIRM")
    [grant] = [one for one in (await station.grants_of("ben")).grants if one.role == role_pb2.ROLE_ADMINISTRATOR]
    await station.revoke(grant)
    # Once there were two, nobody can go back to deciding alone.
    await station.refused(station.grant("ben", "administrator"), "SECOND_PERSON_MUST_CONFIRM")


async def test_nobody_calls_a_program_as_the_operators(station):
    client = client_pb2.Client(display_name="Mine", kind=client_pb2.CLIENT_KIND_TERMINAL)
    request = client_service_pb2.CreateClientRequest(parent="countries/FJI", client_id="node-operator", client=client)
    await station.refused(station.clients.CreateClient(request, metadata=station.admin), "ALREADY_EXISTS")
