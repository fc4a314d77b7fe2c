from __future__ import annotations

import asyncio
import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from bluepacific.identity.v1 import unit_service_pb2
from bp_client import AsyncBluePacific, BluePacific, Problem, oidc

GET = unit_service_pb2.GetUnitRequest(name="countries/FJI/units/ncb")


@pytest.fixture
def client(gateway):
    with BluePacific(gateway.url) as made:
        yield made


def serving(gateway, *, ends: float = 600):
    """Signs in, refreshes, and takes only the newest access token."""
    issued = {"number": 0}

    def answer(seen):
        if seen.path == "/v1/sessions:signIn":
            issued["number"] += 1
            return gateway.tokens(issued["number"], ends)
        if seen.path == "/v1/sessions:refresh":
            if seen.json["refreshToken"] != f"refresh-{issued['number']}":
                return gateway.problem(401, "TOKEN_INVALID")
            issued["number"] += 1
            return gateway.tokens(issued["number"])
        good = seen.headers.get("authorization") == f"Bearer access-{issued['number']}"
        return gateway.ok() if good else gateway.problem(401, "TOKEN_INVALID")

    gateway.answer = answer
    return issued


def paths(gateway):
    return [seen.path.rpartition("/")[2] for seen in gateway.seen]


def test_sign_in_then_calls_carry_the_token(gateway, client):
    serving(gateway)
    assert client.sign_in("ana", "a long password") == "countries/FJI/officers/ana"
    client.identity.units.GetUnit(GET)
    assert gateway.seen[0].json == {"username": "ana", "password": "a long password"}
    assert "authorization" not in gateway.seen[0].headers
    assert gateway.seen[1].headers["authorization"] == "Bearer access-1"


def test_a_token_that_ends_soon_is_renewed_before_the_call(gateway, client):
    serving(gateway, ends=10)
    client.sign_in("ana", "x")
    client.identity.units.GetUnit(GET)
    assert paths(gateway) == ["sessions:signIn", "sessions:refresh", "ncb"]


def test_a_refused_token_is_renewed_once(gateway, client):
    issued = serving(gateway)
    client.sign_in("ana", "x")
    held = client.session.tokens
    client.identity.units.GetUnit(GET)
    client.session.begin(client.session._credentials, type(held)("old", held.expires, held.refresh_token))
    client.identity.units.GetUnit(GET)
    assert paths(gateway)[-3:] == ["ncb", "sessions:refresh", "ncb"]
    assert issued["number"] == 2


def test_a_call_that_stays_refused_is_told(gateway, client):
    serving(gateway)
    client.sign_in("ana", "x")
    gateway.answer = lambda seen: gateway.tokens(9) if "refresh" in seen.path else gateway.problem(401, "TOKEN_INVALID")
    with pytest.raises(Problem) as told:
        client.identity.units.GetUnit(GET)
    assert told.value.status == 401
    assert paths(gateway)[1:] == ["ncb", "sessions:refresh", "ncb"]


async def test_many_calls_at_once_renew_once(gateway):
    serving(gateway, ends=10)
    async with AsyncBluePacific(gateway.url) as client:
        await client.sign_in("ana", "x")
        await asyncio.gather(*(client.identity.units.GetUnit(GET) for _ in range(8)))
    assert paths(gateway).count("sessions:refresh") == 1


def test_an_ended_session_is_told_as_the_gateway_told_it(gateway, client):
    serving(gateway, ends=10)
    client.sign_in("ana", "x")
    gateway.answer = lambda _: gateway.problem(401, "SESSION_ENDED")
    with pytest.raises(Problem) as told:
        client.identity.units.GetUnit(GET)
    assert told.value.reason == "SESSION_ENDED"


def test_sign_out_ends_the_session_at_the_gateway(gateway, client):
    serving(gateway)
    client.sign_in("ana", "x")
    gateway.answer = lambda _: gateway.ok()
    client.sign_out()
    assert gateway.seen[-1].path == "/v1/sessions:signOut"
    assert gateway.seen[-1].json == {"refreshToken": "refresh-1"}
    client.identity.units.GetUnit(GET)
    assert "authorization" not in gateway.seen[-1].headers


def test_client_credentials_are_fetched_by_the_first_call(gateway, client):
    def answer(seen):
        if seen.path == "/oauth2/token":
            return gateway.ok({"access_token": "machine", "token_type": "Bearer", "expires_in": 600})
        return gateway.ok()

    gateway.answer = answer
    client.use_client_credentials("registry", "s3cret/")
    client.identity.units.GetUnit(GET)
    client.identity.units.GetUnit(GET)
    token, first, second = gateway.seen
    assert base64.b64decode(token.headers["authorization"].removeprefix("Basic ")) == b"registry:s3cret%2F"
    assert first.headers["authorization"] == second.headers["authorization"] == "Bearer machine"


def test_browser_sign_in_with_pkce(gateway, client):
    begun = oidc.begin(gateway.url, client_id="portal", redirect_uri="http://127.0.0.1:9/back")
    asked = parse_qs(urlsplit(begun.url).query)
    assert asked["code_challenge_method"] == ["S256"]
    payload = base64.urlsafe_b64encode(json.dumps({"nonce": begun.nonce}).encode()).decode().rstrip("=")
    tokens = {"access_token": "a", "refresh_token": "r", "expires_in": 600, "id_token": f"h.{payload}.s"}
    gateway.script = [gateway.ok(tokens)]
    client.finish_sign_in(begun, f"http://127.0.0.1:9/back?code=c0de&state={begun.state}&iss={gateway.url}")
    form = parse_qs(gateway.seen[0].body.decode())
    assert form["code_verifier"] == [begun.verifier]
    assert client.session.access_token == "a"


@pytest.mark.parametrize("callback", ["?code=c&state=forged", "?code=c", ""])
def test_an_answer_to_another_sign_in_is_refused(gateway, client, callback):
    begun = oidc.begin(gateway.url, client_id="portal", redirect_uri="http://127.0.0.1:9/back")
    with pytest.raises(Problem, match="another sign-in"):
        client.finish_sign_in(begun, "http://127.0.0.1:9/back" + callback)
    assert gateway.seen == []


@pytest.mark.parametrize("issuer", ["", "&iss=", "&iss=https://elsewhere.example"])
def test_an_answer_of_another_gateway_is_refused(gateway, client, issuer):
    begun = oidc.begin(gateway.url, client_id="portal", redirect_uri="http://127.0.0.1:9/back")
    with pytest.raises(Problem, match="another gateway"):
        client.finish_sign_in(begun, f"http://127.0.0.1:9/back?code=c0de&state={begun.state}{issuer}")
    assert gateway.seen == []


def test_an_error_of_the_token_endpoint_says_which(gateway, client):
    begun = oidc.begin(gateway.url, client_id="portal", redirect_uri="http://127.0.0.1:9/back")
    gateway.script = [gateway.refused(400, {"error": "invalid_grant", "error_description": "It is used up."})]
    with pytest.raises(Problem, match="INVALID_GRANT: It is used up"):
        client.finish_sign_in(begun, f"http://127.0.0.1:9/back?code=c0de&state={begun.state}&iss={gateway.url}")


def test_an_id_token_of_another_sign_in_is_refused(gateway, client):
    begun = oidc.begin(gateway.url, client_id="portal", redirect_uri="http://127.0.0.1:9/back")
    gateway.script = [gateway.ok({"access_token": "a", "expires_in": 600, "id_token": "h.e30.s"})]
    with pytest.raises(Problem, match="another sign-in"):
        client.finish_sign_in(begun, f"http://127.0.0.1:9/back?code=c0de&state={begun.state}&iss={gateway.url}")
    assert not client.session.access_token
