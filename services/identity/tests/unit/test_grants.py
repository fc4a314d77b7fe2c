from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_identity.domain.grant import MOST_GRANTS, ROLES, Grant, check_period, check_room, claims_of
from bp_kit.errors import Refused

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
OFFICER = "countries/FJI/officers/ana"
moments = st.integers(-72, 72).map(lambda hours: NOON + timedelta(hours=hours))


@st.composite
def grants(draw):
    start = draw(moments)
    end = draw(st.none() | moments)
    unit = draw(st.sampled_from(["ncb", "tcu"]))
    return Grant(
        name=f"{OFFICER}/grants/{draw(st.uuids())}",
        role=draw(st.sampled_from(ROLES)),
        unit=f"countries/FJI/units/{unit}",
        start_time=start,
        end_time=end,
        create_time=start,
        creator=OFFICER,
    )


@given(st.lists(grants(), max_size=12), moments)
def test_a_token_says_what_holds_and_ends_before_any_of_it_does(held, now):
    claims, ends = claims_of(held, now)
    assert claims == sorted({grant.claim for grant in held if grant.in_force(now)})
    for grant in held:
        if grant.in_force(now) and grant.end_time:
            assert ends <= grant.end_time
    if ends is not None:
        assert now < ends
        assert claims_of(held, ends)[0] != claims or len(held) > len(set(claims))


@given(grants(), moments, moments)
def test_a_revoked_grant_never_holds_again(grant, now, later):
    revoked = grant.revoked(now)
    if later >= now:
        assert not revoked.in_force(later)
    else:
        assert revoked.in_force(later) <= grant.in_force(later)
    assert revoked.revoked(now + timedelta(days=1)) == revoked


@given(moments, moments, moments)
def test_a_period_that_is_taken_holds_at_some_time_from_now_on(start, end, now):
    try:
        check_period(start, end, now)
    except Refused:
        assert end <= now or end <= start
    else:
        grant = Grant("n", "OFFICER", "countries/FJI/units/ncb", start, end, now, OFFICER)
        assert grant.in_force(max(start, now))


@given(st.lists(grants(), max_size=40), moments)
def test_there_is_room_for_so_many_that_have_not_ended(held, now):
    open_ones = [grant for grant in held if grant.revoked(now) is not grant]
    if len(open_ones) >= MOST_GRANTS:
        with pytest.raises(Refused, match="TOO_MANY_GRANTS"):
            check_room(held, now)
    else:
        check_room(held, now)


def test_a_claim_is_a_role_at_a_unit():
    grant = Grant("n", "DUTY_OFFICER", "countries/FJI/units/ncb", NOON, None, NOON, OFFICER)
    assert grant.claim == "duty_officer@ncb"
