"""A post that has not begun gives nothing; one that has ended gives nothing from that moment: no token, no call, no open stream."""

import json
from datetime import timedelta

import pytest
from joserfc import jws
from station import PASSWORDS, Browser

from bluepacific.identity.v1 import officer_service_pb2 as officers_pb
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.workers.directory import TurnedGrants
from bp_kit.call import Call
from bp_kit.errors import Refused
from bp_kit.rpc.admission import look_again
from bp_kit.rpc.methods import method_of
from bp_kit.tokens import TokenVerifier

# The most that clocks of services may differ, which a token is given.
LEEWAY = 5


def claims(token):
    return json.loads(jws.extract_compact(token.encode()).payload)


async def token_of(station):
    return (await station.sign_in("ben", PASSWORDS["ben"])).access_token


def officers_by(station, token):
    """What only an administrator may do."""
    request = officers_pb.ListOfficersRequest(parent="countries/FJI")
    return station.officers.ListOfficers(request, metadata=station.bearing(token))


@pytest.fixture
async def post(station):
    """Ben audits Fiji's tcu from tomorrow on, for ten minutes."""
    begins = station.clock.now + timedelta(days=1)
    await station.grant("ben", "auditor", start=begins, end=begins + timedelta(minutes=10))
    return begins


async def test_before_it_begins_it_gives_nothing(station, post):
    station.clock.passes(hours=23, minutes=59)
    token = await token_of(station)
    assert claims(token)["roles"] == ["learner@tcu"]
    await station.refused(officers_by(station, token), "PERMISSION_DENIED")
    station.clock.passes(minutes=1)
    # The token says what it said; the next one has the post.
    await station.refused(officers_by(station, token), "PERMISSION_DENIED")
    assert set(claims(await token_of(station))["roles"]) == {"learner@tcu", "auditor@tcu"}
    assert (await officers_by(station, await token_of(station))).officers


async def test_from_its_end_on_its_tokens_give_nothing(station, post):
    station.clock.now = post + timedelta(minutes=5)
    browser = Browser(station)
    _, tokens = await browser.redeem(await browser.sign_in("ben"))
    token = tokens["access_token"]
    assert claims(token)["exp"] == (post + timedelta(minutes=10)).timestamp()
    assert (await officers_by(station, token)).officers
    station.clock.now = post + timedelta(minutes=10, seconds=LEEWAY + 1)
    await station.refused(officers_by(station, token), "TOKEN_EXPIRED")
    # The session goes on, without the post.
    status, renewed = await browser.refresh(tokens["refresh_token"])
    assert status == 200
    assert claims(renewed["access_token"])["roles"] == ["learner@tcu"]
    await station.refused(officers_by(station, renewed["access_token"]), "PERMISSION_DENIED")


async def test_a_stream_that_was_open_at_its_end_is_closed(station, post):
    under_test = station.under_test
    grants = TurnedGrants(Workshop(under_test.service.database, under_test.seams, b"k" * 32, ("FJI", "TON")))
    station.clock.now = post + timedelta(minutes=5)
    await grants.look()
    token = await token_of(station)
    verifier = TokenVerifier(under_test.seams.keys, lambda: station.clock().timestamp())
    path = "/bluepacific.identity.v1.OfficerService/ListOfficers"
    listening = Call(path, await verifier.verify(token), metadata=dict(station.bearing(token)))
    await look_again(method_of(path), listening, verifier)
    station.clock.now = post + timedelta(minutes=10)
    await grants.look()
    # By then every service has heard which tokens are void.
    station.clock.passes(seconds=15)
    with pytest.raises(Refused, match="TOKEN_EXPIRED"):
        await look_again(method_of(path), listening, verifier)
