import re
from urllib.parse import parse_qs, urlsplit

import pytest
from station import CALLBACK, ISSUER, PASSWORDS, Browser, header

from bp_identity.domain.throttle import FREE

NEW = "seven corals under moonlight"


async def test_the_page_lets_nobody_in(station):
    browser = Browser(station)
    page = await browser.open()
    policy = header(page, "content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://portal.example;" in policy
    assert header(page, "cache-control") == "no-store"
    assert header(page, "x-frame-options") == "DENY"
    assert "<script" not in browser.page
    assert all(
        "HttpOnly" in one.value and "SameSite=Lax" in one.value for one in page.headers if one.name == "set-cookie"
    )


async def test_cookies_are_for_https_where_the_node_is(open_station):
    async with open_station(public_url="https://fiji.example", workers=False) as station:
        browser = Browser(station)
        await browser.open()
        assert list(browser.cookies) == ["__Host-bp-form"]
        assert "Secure" in header(await Browser(station).open(), "set-cookie")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Sign in", "to continue to Police portal", "Fiji", 'lang="en" dir="ltr"']),
        ("fr", ["Connexion", "pour continuer vers Police portal", "Fidji", 'lang="fr" dir="ltr"']),
        ("es", ["Iniciar sesión", "para continuar en Police portal", "Fiyi", 'lang="es" dir="ltr"']),
        ("ar", ["تسجيل الدخول", "للمتابعة إلى Police portal", "فيجي", 'lang="ar" dir="rtl"']),
    ],
)
async def test_the_page_speaks_four_languages(station, language, words):
    browser = Browser(station, language=language)
    page = await browser.open()
    assert header(page, "content-language") == language
    for word in words:
        assert word in browser.page
    await browser.fill("ana", "wrong")
    from bp_kit.reasons import reason_text

    assert browser.alarm == reason_text("SIGN_IN_FAILED", language, {})


async def test_the_language_can_be_chosen(station):
    browser = Browser(station, language="ar", ui_locales="xx fr-FR en")
    await browser.open()
    assert 'lang="fr"' in browser.page
    links = re.findall(r'<a href="([^"]*)" lang="(\w+)"', browser.page)
    assert [language for _, language in links] == ["en", "es", "ar"]
    query = parse_qs(urlsplit(links[0][0].replace("&amp;", "&")).query)
    assert query["ui_locales"] == ["en"]
    assert query["state"] == [browser.query["state"]]


async def test_what_is_typed_and_sent_is_only_text(station):
    browser = Browser(station, state='"><script>alert(1)</script>')
    await browser.open()
    await browser.fill('"><script>alert(1)</script>', "x")
    assert "<script" not in browser.page
    assert "&lt;script&gt;" in browser.page


@pytest.mark.parametrize(
    "parameters",
    [
        {"client_id": "countries/FJI/clients/nobody"},
        {"client_id": "countries/FJI/clients/importer"},
        {"client_id": "a\0"},
        {"client_id": None},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": 'https://évil.example/"\\\0'},
        {"redirect_uri": None},
    ],
)
async def test_nobody_is_sent_where_the_client_did_not_say(station, parameters):
    browser = Browser(station, language="fr", **parameters)
    answer = await browser.open()
    assert answer.status in (400, 401)
    assert not header(answer, "location")
    assert "Connexion impossible depuis ce lien" in browser.page


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": 'a"\\é\0'}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"nonce": "n" * 501}, "invalid_request"),
        ({"nonce": "a\0"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "none login"}, "invalid_request"),
    ],
)
async def test_the_client_is_told_what_it_got_wrong(station, parameters, error):
    browser = Browser(station, **parameters)
    returned = browser.returned(await browser.open())
    assert (returned["error"], returned["state"], returned["iss"]) == (error, "st/ate +1", ISSUER)


async def test_a_parameter_given_twice_is_refused(station):
    browser = Browser(station)
    answer = await station.web("GET", "/oauth2/authorize", [*browser.query.items(), ("state", "other")])
    assert answer.status == 400


async def test_cancelling_goes_back(station):
    browser = Browser(station)
    await browser.open()
    returned = browser.returned(await browser.fill("", "", cancel="1"))
    assert (returned["error"], returned["state"]) == ("access_denied", "st/ate +1")


async def test_a_form_of_another_browser_is_not_taken(station):
    ours, theirs = Browser(station), Browser(station)
    await ours.open()
    await theirs.open()
    for cookies in ({}, theirs.cookies):
        ours.cookies = dict(cookies)
        answer = await ours.fill("ana", PASSWORDS["ana"])
        assert answer.status == 400
        assert "too long" in ours.alarm
        assert 'value="ana"' in ours.page
    # The page that comes back can be sent again.
    assert (await ours.fill("ana", PASSWORDS["ana"])).status == 303


async def test_a_form_for_one_client_is_not_taken_for_another(station):
    browser = Browser(station)
    await browser.open()
    proof = re.search(r'name="proof" value="(\w+)"', browser.page).group(1)
    browser.query["state"] = "another"
    form = {"proof": proof, "username": "ana", "password": PASSWORDS["ana"]}
    assert (await browser._send("POST", browser.query, form=form)).status == 400


async def test_a_refusal_is_the_same_for_all(station):
    answers = set()
    for username, password in (("ana", "wrong"), ("nobody", "wrong"), ("mele", PASSWORDS["mele"])):
        browser = Browser(station)
        await browser.open()
        answer = await browser.fill(username, password)
        page = re.sub(r'(name="proof" value=|name="username" value=|code_challenge=)"?[\w-]+', "", browser.page)
        answers.add((answer.status, re.sub(r"code_challenge=[\w-]+", "", page)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 403


async def test_a_country_has_its_own_people(station):
    browser = Browser(station, client="countries/TON/clients/portal")
    await browser.open()
    assert (await browser.fill("ana", PASSWORDS["ana"])).status == 403
    assert (await browser.fill("mele", PASSWORDS["mele"])).status == 303


async def test_a_one_time_code_in_any_digits(station):
    secret = await station.with_totp("ana")
    browser = Browser(station, language="ar")
    await browser.open()
    answer = await browser.fill("ana", PASSWORDS["ana"])
    assert answer.status == 403
    assert 'value="ana"' in browser.page
    code = station.code(secret)
    assert (await browser.fill("ana", PASSWORDS["ana"], totp="0\u0660x")).status == 403
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    answer = await browser.fill("ana", PASSWORDS["ana"], totp=f"{arabic[:3]} {arabic[3:]}")
    assert answer.status == 303


async def test_a_temporary_password_is_changed_on_the_page(station):
    temporary = (await station.reset("ben")).temporary_password
    browser = Browser(station)
    await browser.open()
    assert "repeat_password" not in browser.page
    assert (await browser.fill("ben", temporary)).status == 403
    assert "Choose your own password" in browser.page
    assert 'value="ben"' in browser.page
    await browser.fill("ben", temporary, new_password=NEW, repeat_password="other")
    assert browser.alarm == "The two new passwords differ."
    await browser.fill("ben", temporary, new_password="short", repeat_password="short")
    assert browser.alarm == "A password has 12 to 256 characters."
    answer = await browser.fill("ben", temporary, new_password=NEW, repeat_password=NEW)
    status, _ = await browser.redeem(browser.returned(answer)["code"])
    assert status == 200
    assert await station.sign_in("ben", NEW)


async def test_a_new_password_counts_only_where_it_was_asked_for(station):
    browser = Browser(station)
    await browser.open()
    assert (await browser.fill("ben", PASSWORDS["ben"], new_password=NEW, repeat_password=NEW)).status == 303
    assert await station.sign_in("ben")


async def test_guessing_is_slowed_and_says_for_how_long(station):
    browser = Browser(station)
    await browser.open()
    for _ in range(FREE):
        assert (await browser.fill("ana", "guess")).status == 403
    answer = await browser.fill("ana", PASSWORDS["ana"])
    assert (answer.status, header(answer, "retry-after")) == (429, "15")
    assert "15" in browser.alarm


async def test_strangers_cannot_keep_an_officer_from_her_own_browser(station):
    own = Browser(station)
    await own.sign_in("ana")
    for _ in range(FREE):
        await station.refused(station.sign_in("ana", "guess"), "SIGN_IN_FAILED")
    stranger = Browser(station)
    await stranger.open()
    assert (await stranger.fill("ana", PASSWORDS["ana"])).status == 429
    assert await own.sign_in("ana")
    # The cookie helps with her name only, and its holder is slowed like everybody.
    await own.open()
    for _ in range(FREE):
        await station.refused(station.sign_in("ben", "guess"), "SIGN_IN_FAILED")
        assert (await own.fill("ana", "guess")).status == 403
    assert (await own.fill("ben", PASSWORDS["ben"])).status == 429
    assert (await own.fill("ana", PASSWORDS["ana"])).status == 429


async def test_a_planted_cookie_gives_its_planter_nothing(station):
    planter, victim = Browser(station), Browser(station)
    await planter.open()
    victim.cookies = dict(planter.cookies)
    assert await victim.sign_in("ana")
    assert (await planter.fill("", "")).status == 403
    assert (await planter.open("/oauth2/account", {})).status == 200
    assert "Ana" not in planter.page
    # What the page gave the victim to act with is not in any cookie.
    await victim.open("/oauth2/account", {})
    await victim.fill("ana", PASSWORDS["ana"])
    assert "Ana Vakatale" in victim.page
    assert set(victim.cookies) == {"bp-form", "bp-device"}


async def test_a_cookie_signs_nobody_in(station):
    own = Browser(station)
    await own.sign_in("ana")
    await own.open()
    assert (await own.fill("ana", "")).status == 403
    assert (await own.fill("ben", PASSWORDS["ana"])).status == 403


@pytest.mark.parametrize("form", [b"", b"\xff%00=%00&proof=%00", b"proof=" + b"a" * 60000, b"&".join([b"a=b"] * 5000)])
async def test_a_form_that_is_none_changes_nothing(station, form):
    browser = Browser(station)
    await browser.open()
    answer = await station.web("POST", "/oauth2/authorize", browser.query, form=form, cookies=browser.cookies)
    assert answer.status == 400


async def test_cookies_may_be_anything(station):
    browser = Browser(station)
    browser.cookies = {"bp-form": "é\x01;", "bp-device": "AAAA", "": "x"}
    assert (await browser.open()).status == 200
    assert (await browser.fill("ana", PASSWORDS["ana"])).status in (303, 400)
