import asyncio
import base64
import json

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet
from station import IMPORTER, ISSUER, PASSWORDS, PORTAL, SECRET, Browser, header

from bluepacific.identity.v1 import client_service_pb2


def claims_of(token):
    return json.loads(jws.extract_compact(token.encode()).payload)


async def test_discovery_names_every_endpoint(station):
    answer = await station.web("GET", "/.well-known/openid-configuration")
    found = json.loads(answer.body)
    assert found["issuer"] == ISSUER
    for name in ("authorization", "token", "revocation", "userinfo"):
        assert found[f"{name}_endpoint"].startswith(f"{ISSUER}/oauth2/")
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert header(answer, "content-type") == "application/json"


async def test_a_browser_signs_in(station):
    browser = Browser(station)
    page = await browser.open()
    assert page.status == 200
    answer = await browser.fill("ana", PASSWORDS["ana"])
    returned = browser.returned(answer)
    assert (answer.status, returned["state"], returned["iss"]) == (303, "st/ate +1", ISSUER)
    status, tokens = await browser.redeem(returned["code"])
    assert status == 200
    assert (tokens["token_type"], tokens["scope"]) == ("Bearer", "openid profile email")
    me = await station.me(station.bearing(tokens["access_token"]))
    assert me.officer.name == "countries/FJI/officers/ana"
    assert claims_of(tokens["access_token"])["client_id"] == PORTAL


async def test_the_id_token_is_for_the_client(station):
    browser = Browser(station)
    _, tokens = await browser.redeem(await browser.sign_in("ana"))
    jwks = KeySet.import_key_set(json.loads((await station.web("GET", "/oauth2/jwks.json")).body))
    claims = jwt.decode(tokens["id_token"], jwks, algorithms=["Ed25519"]).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, PORTAL, "n-1")
    assert claims["sub"] == "countries/FJI/officers/ana"
    assert claims["amr"] == ["pwd"]
    assert claims["auth_time"] == int(station.clock.now.timestamp())
    # It is no access token.
    await station.refused(station.me(station.bearing(tokens["id_token"])), "TOKEN_INVALID")


async def test_without_openid_there_is_no_id_token(station):
    browser = Browser(station, scope=None, nonce=None, state=None)
    status, tokens = await browser.redeem(await browser.sign_in("ana"))
    assert status == 200
    assert "id_token" not in tokens


async def test_a_code_works_once_and_its_second_use_ends_the_session(station):
    browser = Browser(station)
    code = await browser.sign_in("ana")
    _, tokens = await browser.redeem(code)
    status, refusal = await browser.redeem(code)
    assert (status, refusal["error"]) == (400, "invalid_grant")
    assert (await browser.refresh(tokens["refresh_token"]))[1]["error"] == "invalid_grant"


async def test_one_code_traded_twice_at_once_gives_one_session_at_most(station):
    browser = Browser(station)
    code = await browser.sign_in("ana")
    answers = await asyncio.gather(browser.redeem(code), browser.redeem(code))
    assert sorted(status for status, _ in answers) == [200, 400]


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": None},
        {"redirect_uri": "http://127.0.0.1:5173/back"},
        {"redirect_uri": None},
        {"code": "guessed"},
        {"code": None},
    ],
)
async def test_a_code_needs_its_verifier_and_address(station, changes):
    browser = Browser(station)
    status, refusal = await browser.redeem(await browser.sign_in("ana"), **changes)
    assert status == 400
    assert refusal["error"] in {"invalid_grant", "invalid_request"}


async def test_a_code_is_for_its_client(station):
    browser = Browser(station)
    status, refusal = await browser.redeem(await browser.sign_in("ana"), client_id="countries/TON/clients/portal")
    assert (status, refusal["error"]) == (400, "invalid_grant")


async def test_a_code_expires(station):
    browser = Browser(station)
    code = await browser.sign_in("ana")
    station.clock.passes(seconds=60)
    assert (await browser.redeem(code))[1]["error"] == "invalid_grant"


async def test_refresh_tokens_rotate_and_are_for_their_client(station):
    browser = Browser(station)
    _, first = await browser.redeem(await browser.sign_in("ana"))
    assert (await browser.refresh(first["refresh_token"], client_id="countries/TON/clients/portal"))[0] == 400
    status, second = await browser.refresh(first["refresh_token"])
    assert status == 200
    # Not at the call for sessions without a client, either; and that does not use it up.
    await station.refused(station.refresh(second["refresh_token"]), "REFRESH_TOKEN_INVALID")
    status, third = await browser.refresh(second["refresh_token"])
    assert status == 200
    assert (await browser.refresh(first["refresh_token"]))[1]["error"] == "invalid_grant"
    assert (await browser.refresh(third["refresh_token"]))[1]["error"] == "invalid_grant"


async def test_revoking(station):
    browser = Browser(station)
    _, tokens = await browser.redeem(await browser.sign_in("ana"))
    other = {"token": tokens["refresh_token"], "client_id": "countries/TON/clients/portal"}
    assert (await station.web("POST", "/oauth2/revoke", form=other)).status == 400
    for token in (tokens["refresh_token"], "unknown"):
        answer = await station.web("POST", "/oauth2/revoke", form={"token": token, "client_id": PORTAL})
        assert answer.status == 200
    assert (await browser.refresh(tokens["refresh_token"]))[1]["error"] == "invalid_grant"


async def test_user_info_goes_as_far_as_the_scope(station):
    for scope, expected in (
        ("openid", {"sub"}),
        ("openid email profile", {"sub", "email", "name", "given_name", "family_name", "locale"}),
    ):
        browser = Browser(station, scope=scope)
        _, tokens = await browser.redeem(await browser.sign_in("ana"))
        answer = await station.web("GET", "/oauth2/userinfo", authorization=f"Bearer {tokens['access_token']}")
        assert set(json.loads(answer.body)) == expected


@pytest.mark.parametrize(
    ("authorization", "status", "challenge"),
    [
        ("", 401, "Bearer"),
        ("Basic eDp5", 401, "Bearer"),
        ("Bearer rubbish", 401, 'Bearer error="invalid_token"'),
    ],
)
async def test_user_info_needs_a_token(station, authorization, status, challenge):
    answer = await station.web("GET", "/oauth2/userinfo", authorization=authorization)
    assert (answer.status, header(answer, "www-authenticate")) == (status, challenge)


async def test_user_info_needs_the_scope(station):
    tokens = await station.sign_in("ana")
    answer = await station.web("GET", "/oauth2/userinfo", authorization=f"Bearer {tokens.access_token}")
    assert (answer.status, header(answer, "www-authenticate")) == (403, 'Bearer error="insufficient_scope"')


def basic(name, secret):
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


@pytest.mark.parametrize("way", ["basic", "post"])
async def test_a_service_gets_a_token_of_its_own(station, way):
    form = {"grant_type": "client_credentials"}
    if way == "basic":
        status, tokens = await station.token(form, authorization=basic("countries%2FFJI%2Fclients%2Fimporter", SECRET))
    else:
        status, tokens = await station.token(form | {"client_id": IMPORTER, "client_secret": SECRET})
    assert (status, "refresh_token" in tokens) == (200, False)
    claims = claims_of(tokens["access_token"])
    assert (claims["sub"], claims["roles"], claims["country"]) == (IMPORTER, ["analyst@tcu"], "FJI")
    await station.refused(station.me(station.bearing(tokens["access_token"])), "NOT_FOUND")


@pytest.mark.parametrize(
    ("form", "authorization"),
    [
        ({"client_id": IMPORTER, "client_secret": "guessed"}, ""),
        ({"client_id": "countries/FJI/clients/nobody", "client_secret": SECRET}, ""),
        ({"client_id": "a\0b", "client_secret": SECRET}, ""),
        ({"client_id": IMPORTER}, ""),
        ({}, basic(IMPORTER, "guessed")),
        ({}, basic("nobody", SECRET)),
        ({}, "Basic /////w=="),
        ({}, "Basic not base64"),
        ({}, ""),
    ],
)
async def test_a_client_that_cannot_prove_itself_is_told_no_more(station, form, authorization):
    status, refusal = await station.token({"grant_type": "client_credentials"} | form, authorization=authorization)
    assert status == 401
    assert refusal == {
        "error": "invalid_client",
        "error_description": "The client is unknown, or its credentials are wrong.",
    }


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password", "username": "ana", "password": PASSWORDS["ana"]}, "unsupported_grant_type"),
        ({"grant_type": 'a"\\é\0'}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
        (b"\xff\xfe=%zz&&&=", "unsupported_grant_type"),
        (b"&".join(b"a%d=b" % number for number in range(100)), "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "client_id": PORTAL}, "invalid_request"),
        ({"grant_type": "refresh_token", "client_id": PORTAL, "refresh_token": "a\0"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "client_id": PORTAL}, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": PORTAL}, "invalid_client"),
    ],
)
async def test_what_is_no_token_request_is_refused(station, form, error):
    status, refusal = await station.token(form)
    assert (status in (400, 401), refusal["error"]) == (True, error)


async def test_json_is_no_form(station):
    status, refusal = await station.token(b'{"grant_type":"refresh_token"}', content_type="application/json")
    assert (status, refusal["error"]) == (400, "unsupported_grant_type")


async def test_a_secret_is_shown_once_and_replaces_the_old_one(station):
    request = client_service_pb2.RotateClientSecretRequest(name=IMPORTER)
    made = await station.clients.RotateClientSecret(request, metadata=station.admin)
    form = {"grant_type": "client_credentials", "client_id": IMPORTER}
    assert (await station.token(form | {"client_secret": SECRET}))[0] == 401
    assert (await station.token(form | {"client_secret": made.client_secret}))[0] == 200
    got = await station.clients.GetClient(client_service_pb2.GetClientRequest(name=IMPORTER), metadata=station.admin)
    assert made.client_secret not in str(got)
    portal = client_service_pb2.RotateClientSecretRequest(name=PORTAL)
    await station.refused(
        station.clients.RotateClientSecret(portal, metadata=station.admin),
        "CLIENT_KIND_MISMATCH",
        field="client_secret",
    )


async def test_a_client_out_of_service_gets_nothing(station):
    browser = Browser(station)
    _, tokens = await browser.redeem(await browser.sign_in("ana"))
    for name in (PORTAL, IMPORTER):
        request = client_service_pb2.DeactivateClientRequest(name=name)
        await station.clients.DeactivateClient(request, metadata=station.admin)
    assert (await browser.refresh(tokens["refresh_token"]))[0] == 401
    assert (await Browser(station).open()).status == 400
    form = {"grant_type": "client_credentials", "client_id": IMPORTER, "client_secret": SECRET}
    assert (await station.token(form))[0] == 401
