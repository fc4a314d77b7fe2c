"""Passwords, redirect addresses, refresh tokens and one-time codes: what is accepted and what is not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_identity.adapters.one_time_codes import TotpCodes
from bp_identity.domain.client import BROWSER, ClientDraft
from bp_identity.domain.credential import Credential
from bp_identity.domain.password import MAX_LENGTH, MIN_LENGTH, check_password, normalise
from bp_identity.domain.session import RefreshToken, Session, Use, judge_use
from bp_kit.errors import Refused
from bp_kit.sealing import Sealer

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
OFFICER = "countries/FJI/officers/ana"


@pytest.mark.parametrize(
    "password",
    [
        "reef lantern walks slowly",
        "päärynä ja meri 7",
        "كلمات لا رابط بينها",
        "Xq7-Lm2-Vb9-Rt4",
        "四つの無関係な言葉をつなげる",
    ],
)
def test_good_passwords(password):
    check_password(password, own_words=("ana", "Vakatale", "ana.vakatale"))


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "PASSWORD-2026!!",
        "aaaaaaaaaaaaaaaa",
        "abababababab12",
        "123456789012",
        "9876543210987654",
        "poiuytrewq12345",
        "qwertyuiopas",
        "abcdefghijklm",
        "InterpolPolice1",
        "vakatale-2026",
        "Bienvenue2026!",
    ],
)
def test_common_passwords(password):
    with pytest.raises(Refused, match="PASSWORD_COMMON"):
        check_password(password, own_words=("ana", "Vakatale"))


@given(st.text(max_size=300))
def test_length_is_counted_as_it_is_hashed(password):
    fits = MIN_LENGTH <= len(normalise(password)) <= MAX_LENGTH
    try:
        check_password(password)
    except Refused as refused:
        assert (refused.reason == "PASSWORD_LENGTH") == (not fits)
    else:
        assert fits


@pytest.mark.parametrize(
    "uri",
    [
        "https://portal.example/back",
        "https://portal.example:8443/back?x=1",
        "http://localhost:5173/back",
        "http://127.0.0.1/back",
        "http://[::1]:9/back",
    ],
)
def test_addresses_for_codes(uri):
    ClientDraft("Portal", BROWSER, (uri,)).check()


@pytest.mark.parametrize(
    "uri",
    [
        "http://portal.example/back",
        "https://portal.example/back#part",
        "https://portal.example/back#",
        "https://user@portal.example/",
        "https:///back",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://127.0.0.1.portal.example/",
        "http://localhost@portal.example/",
        "https://portal.example\\@evil.example/",
        "https://pörtal.example/",
        "https://portal.example/a b",
        "//portal.example/",
        "portal:/back",
        "",
    ],
)
def test_addresses_that_could_leak_a_code(uri):
    with pytest.raises(Refused, match="REDIRECT_URI_INVALID"):
        ClientDraft("Portal", BROWSER, (uri,)).check()


@given(st.none() | st.integers(-1000, 0), st.booleans(), st.none() | st.integers(0, 20), st.integers(0, 20))
def test_a_refresh_token_continues_once_while_the_session_lasts(used, superseded, revoked, hour):
    now = NOON + timedelta(hours=hour)
    session = Session("s", OFFICER, "", "", NOON, ("pwd",), NOON + timedelta(hours=12))
    if revoked is not None:
        from dataclasses import replace

        session = replace(session, revoke_time=NOON + timedelta(hours=revoked))
    use_time = None if used is None else now + timedelta(seconds=used)
    use = judge_use(session, RefreshToken("d", "s", use_time, superseded), now)
    if revoked is not None or hour >= 12:
        assert use is Use.ENDED
    else:
        lately = used is None or used > -60
        assert use is (Use.CONTINUES if lately and not superseded else Use.REUSED)


@given(st.integers(-3, 3))
def test_one_time_codes_are_of_now_or_one_step_around(steps):
    codes = TotpCodes(Sealer(b"k" * 32))
    secret = codes.new_secret()
    sealed = codes.seal(OFFICER, secret)
    import pyotp

    shown = pyotp.TOTP(secret).at(NOON + timedelta(seconds=30 * steps))
    found = codes.match(OFFICER, sealed, shown, NOON)
    now = int(NOON.timestamp()) // 30
    assert found == (now + steps if abs(steps) <= 1 else None)


def test_a_secret_is_bound_to_its_officer():
    codes = TotpCodes(Sealer(b"k" * 32))
    sealed = codes.seal(OFFICER, codes.new_secret())
    with pytest.raises(ValueError, match="not a token"):
        codes.match("countries/FJI/officers/ben", sealed, "123456", NOON)


@given(st.lists(st.integers(1, 9) | st.none(), max_size=20))
def test_no_one_time_code_is_taken_twice_nor_an_older_one(steps):
    credential, taken = Credential(OFFICER, "hash"), []
    for step in steps:
        after = credential.took_code(step)
        if after is not None:
            credential = after
            taken.append(step)
    assert taken == sorted(set(taken))
