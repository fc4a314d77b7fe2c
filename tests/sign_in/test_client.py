"""Our own client signs in through the gateway's pages, renews, and is refused what it must be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from front_door import CALLBACK, IMPORTER, PASSWORD, PORTAL, SECRET

from bluepacific.identity.v1 import officer_service_pb2, unit_service_pb2
from bp_client import AsyncBluePacific, Problem, oidc

ME = officer_service_pb2.GetMeRequest()


async def signed_in(door, client):
    begun = oidc.begin(door.url, client_id=PORTAL, redirect_uri=CALLBACK)
    await client.finish_sign_in(begun, await door.sign_in(begun.url))


async def refused(awaited, reason):
    with pytest.raises(Problem) as caught:
        await awaited
    assert caught.value.reason == reason
    return caught.value


async def test_a_front_end_signs_in_and_stays_so(door):
    async with AsyncBluePacific(door.url) as client:
        await signed_in(door, client)
        assert (await client.identity.officers.GetMe(ME)).officer.name == "countries/FJI/officers/ana"
        first = client.session.tokens
        door.clock.passes(minutes=11)
        # The access token has ended; the client gets another without anybody noticing.
        assert (await client.identity.officers.GetMe(ME)).officer.name == "countries/FJI/officers/ana"
        second = client.session.tokens
        assert second.access_token != first.access_token
        assert second.refresh_token != first.refresh_token


async def test_a_stolen_refresh_token_ends_the_session_for_both(door):
    async with AsyncBluePacific(door.url) as client, AsyncBluePacific(door.url) as thief:
        await signed_in(door, client)
        thief.session.begin(client.session._credentials, client.session.tokens)
        door.clock.passes(minutes=11)
        await client.identity.officers.GetMe(ME)
        door.clock.passes(minutes=2)
        await refused(thief.identity.officers.GetMe(ME), "INVALID_GRANT")
        door.clock.passes(minutes=11)
        await refused(client.identity.officers.GetMe(ME), "INVALID_GRANT")


async def test_a_code_is_of_no_use_to_who_saw_it(door):
    async with AsyncBluePacific(door.url) as client, AsyncBluePacific(door.url) as thief:
        begun = oidc.begin(door.url, client_id=PORTAL, redirect_uri=CALLBACK)
        callback = await door.sign_in(begun.url)
        await refused(thief.finish_sign_in(replace(begun, verifier="x" * 43), callback), "INVALID_GRANT")
        await client.finish_sign_in(begun, callback)
        await refused(thief.finish_sign_in(begun, callback), "INVALID_GRANT")


async def test_the_answer_of_another_sign_in_or_provider_is_not_taken(door):
    async with AsyncBluePacific(door.url) as client:
        begun = oidc.begin(door.url, client_id=PORTAL, redirect_uri=CALLBACK)
        callback = await door.sign_in(begun.url)
        await refused(client.finish_sign_in(replace(begun, state="another"), callback), "TOKEN_INVALID")
        await refused(client.finish_sign_in(replace(begun, nonce="another"), callback), "TOKEN_INVALID")
        elsewhere = await door.sign_in(begun.url)
        elsewhere = elsewhere.replace("iss=http%3A%2F%2F127.0.0.1", "iss=http%3A%2F%2Felsewhere")
        await refused(client.finish_sign_in(begun, elsewhere), "TOKEN_INVALID")


async def test_a_service_calls_with_its_secret(door):
    async with AsyncBluePacific(door.url) as client:
        client.use_client_credentials(IMPORTER, SECRET)
        units = await client.identity.units.ListUnits(unit_service_pb2.ListUnitsRequest(parent="countries/FJI"))
        assert [unit.name for unit in units.units] == ["countries/FJI/units/ncb"]
        client.use_client_credentials(IMPORTER, "guessed")
        await refused(client.identity.officers.GetMe(ME), "INVALID_CLIENT")


async def test_password_sign_in_renews_and_ends(door):
    async with AsyncBluePacific(door.url) as client, AsyncBluePacific(door.url) as stranger:
        assert await client.sign_in("ana", PASSWORD) == "countries/FJI/officers/ana"
        held = client.session.tokens
        door.clock.passes(minutes=11)
        await client.identity.officers.GetMe(ME)
        door.clock.passes(minutes=2)
        stranger.session.begin(client.session._credentials, held)
        await refused(stranger.identity.officers.GetMe(ME), "REFRESH_TOKEN_INVALID")
        problem = await refused(stranger.asking(language="fr").sign_in("ana", "guess"), "SIGN_IN_FAILED")
        assert "incorrect" in str(problem)
