import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import grpc
import pytest
from google.rpc import error_details_pb2
from joserfc import jws
from station import OTHER_SEED, PASSWORDS, SEED

from bluepacific.identity.v1 import officer_service_pb2, session_service_pb2
from bp_identity.domain.throttle import FREE, FREE_SPRAYED, LONGEST
from bp_kit.testing.harness import detail

NEW = "seven corals under moonlight"


def claims_of(token):
    return json.loads(jws.extract_compact(token.encode()).payload)


async def test_a_person_signs_in_and_is_known(station):
    tokens = await station.sign_in("ana")
    me = await station.me(station.bearing(tokens.access_token))
    assert tokens.officer == me.officer.name == "countries/FJI/officers/ana"
    assert me.officer.email == "ana.vakatale@police.example.fj"
    assert {grant.unit for grant in me.grants} == {"countries/FJI/units/ncb"}


@pytest.mark.parametrize("username", ["ana", " Ana ", "ANA.vakatale@police.example.FJ", "countries/FJI/officers/ana"])
async def test_user_names(station, username):
    assert (await station.sign_in(username, PASSWORDS["ana"])).officer == "countries/FJI/officers/ana"


async def test_a_token_says_who_where_and_what_and_not_for_long(station):
    tokens = await station.sign_in("ana")
    header = jws.extract_compact(tokens.access_token.encode()).headers()
    claims = claims_of(tokens.access_token)
    assert (header["typ"], header["alg"]) == ("at+jwt", "Ed25519")
    assert claims["sub"] == "countries/FJI/officers/ana"
    assert (claims["country"], claims["aud"]) == ("FJI", "bluepacific")
    assert claims["roles"] == ["administrator@ncb", "officer@ncb"]
    assert claims["exp"] - claims["iat"] <= 15 * 60
    assert claims["exp"] == tokens.expire_time.seconds


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ana", "reef lantern walks slowlY"),
        ("nobody", PASSWORDS["ana"]),
        ("nobody@police.example.fj", "x"),
        ("countries/FJI/officers/nobody", "x"),
        ("mele@police.example.to", PASSWORDS["ana"]),
        ("\u202e" * 254, "p" * 256),
    ],
)
async def test_a_refusal_tells_nothing(station, username, password):
    known = await station.refused(station.sign_in("ben", "wrong"), "SIGN_IN_FAILED")
    other = await station.refused(station.sign_in(username, password), "SIGN_IN_FAILED")
    info = error_details_pb2.ErrorInfo
    assert (other.code, other.message, detail(other, info())) == (known.code, known.message, detail(known, info()))


@pytest.mark.parametrize(
    ("language", "word"), [("en", "wrong"), ("fr", "incorrect"), ("es", "no es correcto"), ("ar", "غير صحيح")]
)
async def test_a_refusal_speaks_the_callers_language(station, language, word):
    status = await station.refused(station.sign_in("ana", "x", language=language), "SIGN_IN_FAILED")
    assert word in detail(status, error_details_pb2.LocalizedMessage()).message


@pytest.mark.parametrize("username", ["ana", "nobody-at-all"])
async def test_guessing_is_slowed_whether_or_not_the_name_exists(station, username):
    for _ in range(FREE):
        await station.refused(station.sign_in(username, "guess"), "SIGN_IN_FAILED")
    status = await station.refused(station.sign_in(username, PASSWORDS["ana"]), "SIGN_IN_THROTTLED")
    assert detail(status, error_details_pb2.ErrorInfo()).metadata["seconds"] == "15"


async def test_guesses_at_once_do_not_slip_through(station):
    attempts = [station.sign_in("ana", "guess") for _ in range(3 * FREE)]
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum("wrong" in answer.details() for answer in answers) == FREE


async def test_one_password_is_not_tried_with_many_names(station):
    common = "winter is coming 2026"
    for number in range(FREE_SPRAYED):
        await station.refused(station.sign_in(f"nobody{number}", common), "SIGN_IN_FAILED")
    for username in ("nobody", "ben"):
        await station.refused(station.sign_in(username, common), "SIGN_IN_THROTTLED")
    # Other passwords are not slowed, and signing in often is no spraying.
    for _ in range(3):
        assert await station.sign_in("ben")
    station.clock.passes(hours=1)
    await station.refused(station.sign_in("ben", common), "SIGN_IN_FAILED")


async def test_no_officer_is_locked_out_for_good(station):
    for _ in range(40):
        with pytest.raises(grpc.RpcError):
            await station.sign_in("ana", "guess")
        station.clock.passes(minutes=1)
    station.clock.passes(seconds=LONGEST.total_seconds())
    assert await station.sign_in("ana")
    assert await station.sign_in("ana")


async def test_a_right_password_forgets_wrong_ones(station):
    for _ in range(3):
        for _ in range(FREE - 1):
            await station.refused(station.sign_in("ana", "guess"), "SIGN_IN_FAILED")
        await station.sign_in("ana")


async def test_a_reset_ends_the_wait(station):
    for _ in range(FREE):
        await station.refused(station.sign_in("ben", "guess"), "SIGN_IN_FAILED")
    temporary = await station.reset("ben")
    await station.refused(station.sign_in("ben", temporary.temporary_password), "PASSWORD_CHANGE_REQUIRED")


async def test_a_one_time_code_is_asked_for_and_works_once(station):
    secret = await station.with_totp("ana")
    await station.refused(station.sign_in("ana"), "TOTP_REQUIRED")
    await station.refused(station.sign_in("ana", "wrong"), "SIGN_IN_FAILED")
    code = station.code(secret)
    assert await station.sign_in("ana", totp=code)
    await station.refused(station.sign_in("ana", totp=code), "SIGN_IN_FAILED")
    station.clock.passes(seconds=30)
    assert await station.sign_in("ana", totp=station.code(secret))


async def test_one_code_given_twice_at_once_works_once(station):
    code = station.code(await station.with_totp("ana"))
    answers = await asyncio.gather(*(station.sign_in("ana", totp=code) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(answer, session_service_pb2.TokenSet) for answer in answers) == 1


async def test_a_one_time_code_is_confirmed_before_it_counts(station):
    tokens = await station.sign_in("ana")
    metadata = station.bearing(tokens.access_token)

    def confirm(code):
        return station.officers.ConfirmTotp(officer_service_pb2.ConfirmTotpRequest(totp=code), metadata=metadata)

    await station.refused(confirm("123456"), "TOTP_NOT_STARTED")
    enrolment = await station.officers.EnrolTotp(officer_service_pb2.EnrolTotpRequest(), metadata=metadata)
    assert enrolment.uri.startswith("otpauth://totp/")
    wrong = f"{(int(station.code(enrolment.secret)) + 1) % 10**6:06}"
    await station.refused(confirm(wrong), "TOTP_WRONG", field="totp")
    assert await station.sign_in("ana")
    assert (await confirm(station.code(enrolment.secret))).totp_enrolled


async def test_a_session_goes_on_with_a_token_that_works_once(station):
    first = await station.sign_in("ana")
    second = await station.refresh(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert second.session_expire_time == first.session_expire_time
    third = await station.refresh(second.refresh_token)
    # Somebody uses one that another has followed: whoever it is, the session ends.
    await station.refused(station.refresh(first.refresh_token), "REFRESH_TOKEN_INVALID")
    await station.refused(station.refresh(third.refresh_token), "REFRESH_TOKEN_INVALID")


async def test_whoever_lost_the_answer_asks_again_within_a_minute(station):
    first = await station.sign_in("ana")
    lost = await station.refresh(first.refresh_token)
    station.clock.passes(seconds=59)
    again = await station.refresh(first.refresh_token)
    assert await station.refresh(again.refresh_token)
    # What got lost was found by somebody: the session ends.
    await station.refused(station.refresh(lost.refresh_token), "REFRESH_TOKEN_INVALID")
    await station.refused(station.refresh(again.refresh_token), "REFRESH_TOKEN_INVALID")


async def test_a_refresh_token_used_before_ends_the_session_later(station):
    first = await station.sign_in("ana")
    second = await station.refresh(first.refresh_token)
    station.clock.passes(seconds=60)
    await station.refused(station.refresh(first.refresh_token), "REFRESH_TOKEN_INVALID")
    await station.refused(station.refresh(second.refresh_token), "REFRESH_TOKEN_INVALID")


async def test_of_one_refresh_token_used_twice_at_once_one_answer_continues(station):
    first = await station.sign_in("ana")
    one, other = await asyncio.gather(*(station.refresh(first.refresh_token) for _ in range(2)))
    assert one.refresh_token != other.refresh_token
    continued = await asyncio.gather(
        *(station.refresh(answer.refresh_token) for answer in (one, other)), return_exceptions=True
    )
    assert sum(isinstance(answer, session_service_pb2.TokenSet) for answer in continued) < 2


async def test_a_session_ends(station):
    tokens = await station.sign_in("ana")
    station.clock.passes(hours=12)
    await station.refused(station.refresh(tokens.refresh_token), "REFRESH_TOKEN_INVALID")
    await station.refused(station.refresh("never-given"), "REFRESH_TOKEN_INVALID")


async def test_signing_out(station):
    tokens = await station.sign_in("ana")
    for token in (tokens.refresh_token, "unknown"):
        await station.sessions.SignOut(session_service_pb2.SignOutRequest(refresh_token=token))
    await station.refused(station.refresh(tokens.refresh_token), "REFRESH_TOKEN_INVALID")


async def test_a_temporary_password_must_be_changed(station):
    temporary = (await station.reset("ben")).temporary_password
    await station.refused(station.sign_in("ben"), "SIGN_IN_FAILED")
    await station.refused(station.sign_in("ben", temporary), "PASSWORD_CHANGE_REQUIRED")
    tokens = await station.change_password("ben", temporary, NEW)
    assert tokens.officer == "countries/FJI/officers/ben"
    assert await station.sign_in("ben", NEW)


async def test_a_temporary_password_expires(station):
    temporary = (await station.reset("ben")).temporary_password
    station.clock.passes(days=3)
    await station.refused(station.sign_in("ben", temporary), "SIGN_IN_FAILED")
    await station.refused(station.change_password("ben", temporary, NEW), "SIGN_IN_FAILED")


async def test_changing_a_password_ends_other_sessions(station):
    held = await station.sign_in("ben")
    anew = await station.change_password("ben", PASSWORDS["ben"], NEW)
    await station.refused(station.refresh(held.refresh_token), "REFRESH_TOKEN_INVALID")
    assert await station.refresh(anew.refresh_token)
    await station.refused(station.sign_in("ben"), "SIGN_IN_FAILED")


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("short", "PASSWORD_LENGTH"),
        ("x" * 1000, "PASSWORD_LENGTH"),
        ("Password2026!!!!", "PASSWORD_COMMON"),
        ("tuilagi-2026-ben", "PASSWORD_COMMON"),
        (PASSWORDS["ben"], "PASSWORD_COMMON"),
    ],
)
async def test_poor_passwords_are_refused(station, new, reason):
    await station.refused(station.change_password("ben", PASSWORDS["ben"], new), reason, field="new_password")
    assert await station.sign_in("ben")


async def test_nobody_learns_of_a_password_by_changing_it(station):
    await station.refused(station.change_password("nobody", "x", NEW), "SIGN_IN_FAILED")
    await station.refused(station.change_password("ben", "x", NEW), "SIGN_IN_FAILED")


async def test_who_has_left_cannot_sign_in(station):
    held = await station.sign_in("ben")
    request = officer_service_pb2.DeactivateOfficerRequest(name="countries/FJI/officers/ben")
    await station.officers.DeactivateOfficer(request, metadata=station.admin)
    await station.refused(station.sign_in("ben"), "SIGN_IN_FAILED")
    await station.refused(station.refresh(held.refresh_token), "REFRESH_TOKEN_INVALID")


async def test_a_role_ends_with_its_grant_even_within_a_token(station):
    ends = station.clock.now + timedelta(minutes=2)
    await station.grant("ben", "analyst", end=ends)
    claims = claims_of((await station.sign_in("ben")).access_token)
    assert claims["roles"] == ["analyst@tcu", "learner@tcu"]
    assert claims["exp"] == int(ends.timestamp())
    station.clock.passes(minutes=2)
    assert claims_of((await station.sign_in("ben")).access_token)["roles"] == ["learner@tcu"]


async def test_an_id_that_two_countries_have_needs_its_full_name(open_station):
    twin = replace(OTHER_SEED.officers[0], officer_id="ana")
    async with open_station(seeds=(SEED, replace(OTHER_SEED, officers=(twin,)))) as station:
        await station.refused(station.sign_in("ana"), "SIGN_IN_FAILED")
        assert await station.sign_in("countries/FJI/officers/ana", PASSWORDS["ana"])


async def deactivated(station):
    ben = await station.officers.GetOfficer(
        officer_service_pb2.GetOfficerRequest(name="countries/FJI/officers/ben"), metadata=station.admin
    )
    await station.officers.DeactivateOfficer(
        officer_service_pb2.DeactivateOfficerRequest(name=ben.name, etag=ben.etag), metadata=station.admin
    )


async def signed_out(station, tokens):
    await station.sessions.SignOut(session_service_pb2.SignOutRequest(refresh_token=tokens.refresh_token))


async def without_the_role(station):
    (grant,) = (await station.grants_of("ben")).grants
    await station.revoke(grant)


@pytest.mark.parametrize("way", ["leaves", "signs out", "loses a role", "gets a password"])
async def test_access_tokens_end_within_a_minute_of_whoever(station, way):
    tokens = await station.sign_in("ben")
    metadata = station.bearing(tokens.access_token)
    await station.me(metadata)
    station.clock.passes(seconds=1)
    match way:
        case "leaves":
            await deactivated(station)
        case "signs out":
            await signed_out(station, tokens)
        case "loses a role":
            await without_the_role(station)
        case _:
            await station.reset("ben")
    station.clock.passes(seconds=20)
    await station.refused(station.me(metadata), "TOKEN_EXPIRED")


async def test_a_token_issued_as_others_are_voided_counts(station):
    first = await station.sign_in("ana")
    station.clock.passes(milliseconds=1)
    anew = await station.change_password("ana", PASSWORDS["ana"], NEW)
    station.clock.passes(seconds=20)
    await station.refused(station.me(station.bearing(first.access_token)), "TOKEN_EXPIRED")
    assert await station.me(station.bearing(anew.access_token))
