"""A program on a device without a browser is let in by a code that a person types elsewhere (RFC 8628)."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from station import IMPORTER, ISSUER, PASSWORDS, PORTAL, SECRET, TERMINAL, Browser

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def begin(station, client=TERMINAL, **form):
    answer = await station.web("POST", "/oauth2/device_authorization", form={"client_id": client} | form)
    return answer.status, json.loads(answer.body)


def poll(station, begun, client=TERMINAL, **headers):
    form = {"grant_type": GRANT, "device_code": begun["device_code"], "client_id": client}
    return station.token(form, **headers)


@pytest.fixture
def browser(station):
    return Browser(station)


async def approve(browser, begun, who="ana", **fields):
    complete = urlsplit(begun["verification_uri_complete"])
    await browser.open(complete.path, {name: values[0] for name, values in parse_qs(complete.query).items()})
    return await browser.fill(who, PASSWORDS[who], **fields)


async def test_a_terminal_is_let_in(station, browser):
    status, begun = await begin(station, scope="openid profile")
    assert status == 200
    assert begun["verification_uri"] == f"{ISSUER}/oauth2/device"
    assert re.fullmatch(r"[B-Z]{4}-[B-Z]{4}", begun["user_code"])
    assert await poll(station, begun) == (400, {"error": "authorization_pending"})
    answer = await approve(browser, begun)
    assert answer.status == 200
    assert "The device is let in" in browser.page
    station.clock.passes(seconds=begun["interval"])
    status, tokens = await poll(station, begun)
    assert status == 200
    assert (await station.me(station.bearing(tokens["access_token"]))).officer.name == "countries/FJI/officers/ana"
    assert tokens["id_token"]
    refreshed = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": TERMINAL}
    assert (await station.token(refreshed))[0] == 200
    # The code is used up.
    station.clock.passes(seconds=begun["interval"])
    assert (await poll(station, begun))[0] == 400


async def test_the_page_says_which_program_and_which_code(station, browser):
    _, begun = await begin(station)
    typed = begun["user_code"].lower().replace("-", " ")
    await browser.open("/oauth2/device", {"user_code": typed})
    assert "to continue to Command line" in browser.page
    assert begun["user_code"] in browser.page


async def test_whoever_asks_too_often_waits_longer(station):
    _, begun = await begin(station)
    assert (await poll(station, begun))[1]["error"] == "authorization_pending"
    station.clock.passes(seconds=4)
    assert (await poll(station, begun))[1]["error"] == "slow_down"
    station.clock.passes(seconds=6)
    assert (await poll(station, begun))[1]["error"] == "slow_down"
    station.clock.passes(seconds=15)
    assert (await poll(station, begun))[1]["error"] == "authorization_pending"


async def test_a_person_says_no(station, browser):
    _, begun = await begin(station)
    await approve(browser, begun, cancel="1")
    assert "The device is not let in" in browser.page
    assert (await poll(station, begun))[1]["error"] == "access_denied"


async def test_a_wrong_password_lets_nobody_in(station, browser):
    _, begun = await begin(station)
    await browser.open("/oauth2/device", {"user_code": begun["user_code"]})
    assert (await browser.fill("ana", "wrong")).status == 403
    assert (await poll(station, begun))[1]["error"] == "authorization_pending"


async def test_a_form_of_another_browser_counts_for_nothing(station, browser):
    _, begun = await begin(station)
    await browser.open("/oauth2/device", {"user_code": begun["user_code"]})
    browser.cookies.clear()
    assert (await browser.fill("ana", PASSWORDS["ana"])).status == 400
    assert (await poll(station, begun))[1]["error"] == "authorization_pending"


async def test_codes_end(station, browser):
    _, begun = await begin(station)
    station.clock.passes(minutes=10)
    assert (await browser.open("/oauth2/device", {"user_code": begun["user_code"]})).status == 400
    assert "its time has run out" in browser.page
    status, refusal = await poll(station, begun)
    assert (status, refusal["error"]) == (400, "expired_token")


@pytest.mark.parametrize("typed", ["AAAA-AAAA", "BCDF", "'; drop table", "ب" * 8, "B" * 500, "BCDF-GHJK"])
async def test_a_code_that_is_none(station, browser, typed):
    answer = await browser.open("/oauth2/device", {"user_code": typed})
    assert (answer.status, "This code is not right" in browser.page) == (400, True)


async def test_the_page_first_asks_for_the_code(station, browser):
    for language, direction in (("en", "ltr"), ("ar", "rtl")):
        browser.language = language
        assert (await browser.open("/oauth2/device", {})).status == 200
        assert f'lang="{language}" dir="{direction}"' in browser.page
        assert 'name="user_code"' in browser.page


@pytest.mark.parametrize(
    ("client", "error"),
    [(PORTAL, "unauthorized_client"), (IMPORTER, "invalid_client"), ("nobody", "invalid_client")],
    ids=["browser", "service", "nobody"],
)
async def test_other_programs_get_no_codes(station, client, error):
    status, refusal = await begin(station, client=client)
    assert status in (400, 401)
    assert refusal["error"] == error


async def test_a_code_is_for_its_own_program(station, browser):
    _, begun = await begin(station)
    await approve(browser, begun)
    assert (await poll(station, begun, client="countries/TON/clients/portal"))[0] == 400
    assert (await poll(station, {"device_code": "unknown"}))[1]["error"] == "invalid_request"


async def introspect(station, token, client=IMPORTER, secret=SECRET):
    answer = await station.web(
        "POST", "/oauth2/introspect", form={"token": token, "client_id": client, "client_secret": secret}
    )
    return answer.status, json.loads(answer.body)


async def test_a_program_with_a_secret_asks_whether_a_token_counts(station, browser):
    _, tokens = await browser.redeem(await browser.sign_in("ana"))
    status, told = await introspect(station, tokens["access_token"])
    assert (status, told["active"], told["sub"]) == (200, True, "countries/FJI/officers/ana")
    assert told["client_id"] == PORTAL
    _, told = await introspect(station, tokens["refresh_token"])
    assert (told["active"], told["sub"]) == (True, "countries/FJI/officers/ana")
    station.clock.passes(seconds=1)
    await station.web("POST", "/oauth2/revoke", form={"token": tokens["refresh_token"], "client_id": PORTAL})
    for token in (tokens["access_token"], tokens["refresh_token"], "rubbish", ""):
        answer = await introspect(station, token)
        assert answer[1].get("active", False) is False


async def test_nobody_else_is_told(station, browser):
    _, tokens = await browser.redeem(await browser.sign_in("ana"))
    assert (await introspect(station, tokens["access_token"], secret="wrong"))[0] == 401
    assert (await introspect(station, tokens["access_token"], client=PORTAL, secret=""))[0] == 401
