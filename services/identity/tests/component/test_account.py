import re
from html import unescape

import pytest
from station import PASSWORDS, PORTAL, Browser

from bluepacific.identity.v1 import passkey_service_pb2, session_service_pb2
from bp_identity.domain.passkey import MOST_PASSKEYS, Passkey, check_passkey_room
from bp_kit.errors import Refused
from bp_kit.reasons import reason_text

ANA, BEN = "countries/FJI/officers/ana", "countries/FJI/officers/ben"


class Account(Browser):
    async def enter(self, who):
        await self.open("/oauth2/account", {})
        return await self.fill(who, PASSWORDS[who])

    async def act(self, **fields):
        hidden = dict(re.findall(r'type="hidden" name="(proof|ticket)" value="([^"]*)"', self.page))
        form = {name: unescape(value) for name, value in hidden.items()} | fields
        return await self._send("POST", "", form=form, path="/oauth2/account")


def list_sessions(station, officer, metadata):
    return station.sessions.ListSessions(session_service_pb2.ListSessionsRequest(parent=officer), metadata=metadata)


def end(station, name, metadata):
    return station.sessions.EndSession(session_service_pb2.EndSessionRequest(name=name), metadata=metadata)


async def test_an_officer_lists_and_ends_sessions(station):
    first, second = await station.sign_in("ben"), await station.sign_in("ben")
    browser = Browser(station)
    _, tokens = await browser.redeem(await browser.sign_in("ben"))
    mine = station.as_("ben", "learner@tcu")
    listed = (await list_sessions(station, BEN, mine)).sessions
    assert [one.client for one in listed] == ["", "", PORTAL]
    assert [list(one.methods) for one in listed] == [["pwd"]] * 3
    await end(station, listed[0].name, mine)
    await end(station, listed[0].name, mine)
    await end(station, listed[2].name, mine)
    await station.refused(station.refresh(first.refresh_token), "REFRESH_TOKEN_INVALID")
    assert (await browser.refresh(tokens["refresh_token"]))[1]["error"] == "invalid_grant"
    assert await station.refresh(second.refresh_token)
    assert [one.name for one in (await list_sessions(station, BEN, mine)).sessions] == [listed[1].name]


async def test_an_administrator_ends_sessions_of_the_own_country_and_others_none(station):
    tokens = await station.sign_in("ben")
    (session,) = (await list_sessions(station, BEN, station.admin)).sessions
    strangers = [
        station.as_("ben2", "officer@ncb"),
        station.as_("mele", "administrator@ncb", country="TON"),
        station.as_("ana", "auditor@ncb"),
    ]
    for stranger in strangers:
        await station.refused(list_sessions(station, BEN, stranger), "PERMISSION_DENIED")
        await station.refused(end(station, session.name, stranger), "PERMISSION_DENIED")
    # A session's name under another officer ends nothing.
    await end(station, session.name.replace("/ben/", "/ana/"), station.admin)
    refreshed = await station.refresh(tokens.refresh_token)
    await end(station, session.name, station.admin)
    await station.refused(station.refresh(refreshed.refresh_token), "REFRESH_TOKEN_INVALID")


async def test_sessions_come_in_pages(station):
    for _ in range(3):
        await station.sign_in("ben")
    request = session_service_pb2.ListSessionsRequest(parent=BEN, page_size=2)
    page = await station.sessions.ListSessions(request, metadata=station.admin)
    request.page_token = page.next_page_token
    rest = await station.sessions.ListSessions(request, metadata=station.admin)
    assert (len(page.sessions), len(rest.sessions), rest.next_page_token) == (2, 1, "")


async def test_the_page_lists_and_ends_sessions(station):
    tokens = await station.sign_in("ben")
    page = Account(station)
    assert (await page.enter("ben")).status == 200
    assert "Command line" in page.page
    (name,) = re.findall(r'name="session" value="([^"]*)"', page.page)
    assert (await page.act(act="end", session=name)).status == 200
    assert "Command line" not in page.page
    await station.refused(station.refresh(tokens.refresh_token), "REFRESH_TOKEN_INVALID")


async def test_the_page_needs_its_own_form_and_browser_and_a_fresh_sign_in(station):
    await station.sign_in("ben")
    page, other = Account(station), Account(station)
    await page.enter("ben")
    (name,) = re.findall(r'name="session" value="([^"]*)"', page.page)
    await other.open("/oauth2/account", {})
    other.page, mine = page.page, page.page
    assert (await other.act(act="end", session=name)).status == 400
    page.page = mine
    assert (await page.act(act="end", session=name, proof="0" * 64)).status == 400
    page.page = mine
    assert (await page.act(act="end", session=name, ticket="AAAA")).status == 400
    page.page = mine
    assert (await page.act(act="end", session=f"{ANA}/sessions/{'0' * 36}")).status == 400
    page.page = mine
    station.clock.passes(minutes=15)
    assert (await page.act(act="end", session=name)).status == 400
    assert len((await list_sessions(station, BEN, station.admin)).sessions) == 1


async def test_whoever_was_signed_out_is_out_of_the_page(station):
    page = Account(station)
    await page.enter("ben")
    station.clock.passes(seconds=1)
    await station.reset("ben")
    assert (await page.act(act="end", session=f"{BEN}/sessions/{'0' * 36}")).status == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"act": "add"},
        {"act": "add", "credential": "[" * 5000},
        {"act": "add", "credential": "{}", "challenge": "é"},
        {"act": "remove", "passkey": f"{BEN}/passkeys/\0"},
        {"act": "other"},
        {"act": ""},
    ],
)
async def test_what_the_page_did_not_offer_changes_nothing(station, fields):
    await station.sign_in("ben")
    page = Account(station)
    await page.enter("ben")
    assert (await page.act(**fields)).status == 400
    reason = "PASSKEY_REFUSED" if fields["act"] == "add" else "NOT_FOUND"
    assert page.alarm == reason_text(reason, "en", {"name": fields.get("passkey", "")})


@pytest.mark.parametrize("credential", ["{}", "[]", '{"id": "a"}', '{"id": "AAAA", "response": 1}', "x" * 30000])
async def test_what_no_authenticator_made_signs_nobody_in(open_station, credential):
    async with open_station(public_url="https://fiji.example", workers=False) as station:
        browser = Browser(station)
        page = await browser.open()
        policy = next(one.value for one in page.headers if one.name == "content-security-policy")
        assert "script-src 'sha256-" in policy
        assert "unsafe" not in policy
        answer = await browser.fill("ana", "", credential=credential)
        assert answer.status == 403


async def test_passkeys_are_listed_and_deleted_by_their_owner_and_administrators_only(station):
    for metadata, reason in (
        (station.as_("ben", "learner@tcu"), "NOT_FOUND"),
        (station.admin, "NOT_FOUND"),
        (station.as_("ben2", "learner@tcu"), "PERMISSION_DENIED"),
        (station.as_("mele", "administrator@ncb", country="TON"), "PERMISSION_DENIED"),
    ):
        request = passkey_service_pb2.DeletePasskeyRequest(name=f"{BEN}/passkeys/{'0' * 36}")
        await station.refused(station.passkeys.DeletePasskey(request, metadata=metadata), reason)
        listing = station.passkeys.ListPasskeys(passkey_service_pb2.ListPasskeysRequest(parent=BEN), metadata=metadata)
        if reason == "NOT_FOUND":
            assert not (await listing).passkeys
        else:
            await station.refused(listing, reason)


def test_an_officer_has_no_more_passkeys_than_a_page_shows(clock_now):
    one = Passkey("n", ANA, "c", b"", 0, synced=False, display_name="", create_time=clock_now)
    check_passkey_room([one] * (MOST_PASSKEYS - 1))
    with pytest.raises(Refused, match="TOO_MANY_PASSKEYS"):
        check_passkey_room([one] * MOST_PASSKEYS)
    assert one.methods == ("hwk", "user")


@pytest.fixture
def clock_now():
    from datetime import UTC, datetime

    return datetime(2026, 11, 25, tzinfo=UTC)
