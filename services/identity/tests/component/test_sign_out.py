"""Signing out of a program (OpenID Connect RP-Initiated Logout 1.0), and what becomes of one's sessions."""

import pytest
from station import GOODBYE, ISSUER, PORTAL, Browser, header

HERE = "/oauth2/logout"


@pytest.fixture
async def signed_in(station):
    browser = Browser(station)
    _, tokens = await browser.redeem(await browser.sign_in("ana"))
    station.clock.passes(seconds=1)
    return browser, tokens


async def test_the_session_ends_and_the_browser_is_led_back(station, signed_in):
    browser, tokens = signed_in
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": GOODBYE, "state": "s/1"}
    answer = await station.web("GET", HERE, query)
    assert (answer.status, header(answer, "location")) == (303, f"{GOODBYE}?state=s%2F1")
    assert (await browser.refresh(tokens["refresh_token"]))[1]["error"] == "invalid_grant"
    station.clock.passes(seconds=20)
    await station.refused(station.me(station.bearing(tokens["access_token"])), "TOKEN_EXPIRED")


async def test_by_post_and_long_after_the_id_token_ended(station, signed_in):
    browser, tokens = signed_in
    station.clock.passes(hours=1)
    form = {"id_token_hint": tokens["id_token"], "client_id": PORTAL}
    answer = await station.web("POST", HERE, form=form)
    assert answer.status == 200
    assert "You are signed out" in answer.body.decode()
    assert (await browser.refresh(tokens["refresh_token"]))[1]["error"] == "invalid_grant"


@pytest.mark.parametrize("address", ["https://evil.example/", GOODBYE + "/", GOODBYE + "?x=1", "//portal.example"])
async def test_nobody_is_led_elsewhere(station, signed_in, address):
    _, tokens = signed_in
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": address}
    answer = await station.web("GET", HERE, query)
    assert (answer.status, header(answer, "location")) == (200, "")


async def test_without_an_id_token_nothing_ends(station, signed_in):
    browser, tokens = signed_in
    answer = await station.web("GET", HERE, {"client_id": PORTAL, "post_logout_redirect_uri": GOODBYE})
    assert (answer.status, header(answer, "location")) == (200, "")
    assert (await browser.refresh(tokens["refresh_token"]))[0] == 200


@pytest.mark.parametrize("change", ["signature", "rubbish", "another client"])
async def test_a_hint_that_is_none_ends_nothing(station, signed_in, change):
    browser, tokens = signed_in
    token = tokens["id_token"]
    query = {"id_token_hint": token[:-8] + ("AAAAAAAA" if token[-8:] != "AAAAAAAA" else "BBBBBBBB")}
    if change == "rubbish":
        query = {"id_token_hint": "a.b.c"}
    elif change == "another client":
        query = {"id_token_hint": token, "client_id": "countries/TON/clients/portal"}
    answer = await station.web("GET", HERE, query)
    assert answer.status == 400
    assert (await browser.refresh(tokens["refresh_token"]))[0] == 200


async def test_the_provider_says_where(station):
    import json

    said = json.loads((await station.web("GET", "/.well-known/openid-configuration")).body)
    assert said["end_session_endpoint"] == f"{ISSUER}/oauth2/logout"
    assert said["device_authorization_endpoint"] == f"{ISSUER}/oauth2/device_authorization"
    assert said["introspection_endpoint"] == f"{ISSUER}/oauth2/introspect"
