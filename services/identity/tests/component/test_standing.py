"""What an officer may do now, for a service that has a call of some time ago to decide."""

import pytest
from station import PASSWORDS

from bluepacific.identity.v1 import (
    grant_pb2,
    grant_service_pb2,
    key_service_pb2,
    officer_service_pb2,
    role_pb2,
    session_service_pb2,
)
from bp_kit.issuer import RemoteIssuer

BEN = "countries/FJI/officers/ben"
PORTAL = "countries/FJI/clients/portal"


@pytest.fixture
def asked(station):
    """Asks as a service does that got a call with a token of then."""
    issuer = RemoteIssuer(lambda: station.under_test.node_channel)
    then = station.clock().timestamp()
    station.clock.passes(seconds=1)
    return lambda officer=BEN, client="": issuer.standing(officer, client, then)


async def test_roles_are_those_of_now(station, asked):
    assert (await asked(client=PORTAL)).roles == ("learner@tcu",)
    grant = grant_pb2.Grant(role=role_pb2.ROLE_TRAINER, unit="countries/FJI/units/tcu")
    await station.grants.CreateGrant(
        grant_service_pb2.CreateGrantRequest(parent=BEN, grant=grant), metadata=station.admin
    )
    assert (await asked()).roles == ("learner@tcu", "trainer@tcu")


@pytest.mark.parametrize("officer", ["countries/FJI/officers/nobody", "countries/FJI/clients/importer", "rubbish"])
async def test_nobody_has_none(asked, officer):
    assert await asked(officer) is None


async def test_who_left_has_none(station, asked):
    await station.officers.DeactivateOfficer(
        officer_service_pb2.DeactivateOfficerRequest(name=BEN), metadata=station.admin
    )
    assert await asked() is None


async def test_a_session_of_then_that_was_ended_takes_its_calls_along_and_no_other_does(station):
    issuer = RemoteIssuer(lambda: station.under_test.node_channel)
    moments, sessions = [], []
    for _ in range(2):
        asked = session_service_pb2.SignInRequest(username="ben", password=PASSWORDS["ben"])
        sessions.append(await station.sessions.SignIn(asked))
        station.clock.passes(seconds=60)
        moments.append(station.clock().timestamp())
        station.clock.passes(seconds=1)
    ended = session_service_pb2.SignOutRequest(refresh_token=sessions[1].refresh_token)
    await station.sessions.SignOut(ended)
    # Far longer than voided tokens are told of by themselves.
    station.clock.passes(hours=20)
    assert await issuer.standing(BEN, "", moments[0]) is not None
    assert await issuer.standing(BEN, "", moments[1]) is None


async def test_only_services_of_the_node_may_ask(station):
    request = key_service_pb2.GetStandingRequest(officer=BEN)
    await station.refused(station.keys.GetStanding(request, metadata=station.admin), "PERMISSION_DENIED")
