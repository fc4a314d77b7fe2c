"""Tokens bound to a key (DPoP, RFC 9449) at the provider: who has stolen one has nothing."""

import json

import pytest
from holder import Holder, Key
from joserfc import jws
from station import IMPORTER, ISSUER, SECRET, header


@pytest.fixture
def key(station):
    return Key(station)


async def test_tokens_are_bound_to_the_key_that_was_shown(station, key):
    browser = Holder(station)
    status, tokens = await browser.trade(await browser.sign_in("ana"), key.proof())
    assert (status, tokens["token_type"]) == (200, "DPoP")
    claims = json.loads(jws.extract_compact(tokens["access_token"].encode()).payload)
    assert claims["cnf"] == {"jkt": key.thumbprint}
    other = Key(station)
    for proof in (None, other.proof()):
        assert (await browser.renew(tokens["refresh_token"], proof))[1]["error"] == "invalid_grant"
    # Whoever tried in vain has not used it up.
    assert (await browser.renew(tokens["refresh_token"], key.proof()))[0] == 200


async def test_a_code_may_be_bound_before_it_is_made(station, key):
    browser = Holder(station, dpop_jkt=key.thumbprint)
    code = await browser.sign_in("ana")
    for proof in (None, Key(station).proof()):
        assert (await browser.trade(code, proof))[1]["error"] == "invalid_grant"
    assert (await browser.trade(code, key.proof()))[0] == 200
    refused = Holder(station, dpop_jkt="short\0")
    assert refused.returned(await refused.open())["error"] == "invalid_request"


async def test_a_bound_token_without_its_key_gets_nobody_in(station, key):
    browser = Holder(station)
    _, tokens = await browser.trade(await browser.sign_in("ana"), key.proof())
    token = tokens["access_token"]
    await station.refused(station.me(station.bearing(token)), "TOKEN_INVALID")
    scheme = (("authorization", f"DPoP {token}"),)
    await station.refused(station.me(scheme), "TOKEN_INVALID")
    here = {"address": f"{ISSUER}/v1/me", "method": "GET"}
    for proof in (key.proof(**here), Key(station).proof(**here, token=token), key.proof(**here, token="other")):
        await station.refused(station.me((*scheme, ("dpop", proof))), "TOKEN_INVALID")
    me = await station.me((*scheme, ("dpop", key.proof(**here, token=token))))
    assert me.officer.name == "countries/FJI/officers/ana"
    # And a token that is bound to nothing is not taken with a key.
    free = (await station.sign_in("ana")).access_token
    with_key = (("authorization", f"DPoP {free}"), ("dpop", key.proof(**here, token=free)))
    await station.refused(station.me(with_key), "TOKEN_INVALID")


async def test_user_info_wants_the_key(station, key):
    browser = Holder(station)
    _, tokens = await browser.trade(await browser.sign_in("ana"), key.proof())
    token, here = tokens["access_token"], {"address": f"{ISSUER}/oauth2/userinfo", "method": "GET"}

    async def ask(scheme, proof=None):
        headers = {"authorization": f"{scheme} {token}"} | ({"dpop": proof} if proof else {})
        return await station.web("GET", "/oauth2/userinfo", **headers)

    proof = key.proof(**here, token=token)
    assert (await ask("DPoP", proof)).status == 200
    assert header(await ask("DPoP", proof), "www-authenticate") == 'Bearer error="invalid_dpop_proof"'
    for scheme in ("Bearer", "DPoP"):
        assert (await ask(scheme)).status == 401


@pytest.mark.parametrize(
    "changes",
    [{"htu": f"{ISSUER}/oauth2/revoke"}, {"htm": "GET"}, {"iat": 0}, {"jti": ""}],
    ids=lambda one: next(iter(one)),
)
async def test_a_proof_is_for_the_token_endpoint_now(station, key, changes):
    browser = Holder(station)
    code = await browser.sign_in("ana")
    status, refusal = await browser.trade(code, key.proof(**changes))
    assert (status, refusal["error"]) == (400, "invalid_dpop_proof")
    used = key.proof()
    assert (await browser.trade(code, used))[0] == 200
    assert (await Holder(station).trade("x", used))[1]["error"] == "invalid_dpop_proof"


async def test_a_service_client_is_bound_too(station, key):
    form = {"grant_type": "client_credentials", "client_id": IMPORTER, "client_secret": SECRET}
    _, tokens = await station.token(form, dpop=key.proof())
    assert tokens["token_type"] == "DPoP"
    asked = {"token": tokens["access_token"], "client_id": IMPORTER, "client_secret": SECRET}
    told = json.loads((await station.web("POST", "/oauth2/introspect", form=asked)).body)
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": key.thumbprint})


async def test_discovery_names_the_algorithms(station):
    told = json.loads((await station.web("GET", "/.well-known/openid-configuration")).body)
    assert told["dpop_signing_alg_values_supported"] == ["ES256", "Ed25519"]
