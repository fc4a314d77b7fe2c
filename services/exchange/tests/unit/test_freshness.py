from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bp_exchange.protocol.freshness import Policy, Standing, Timestamp

NOW = datetime(2026, 5, 4, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = Policy(fresh=7 * DAY, emergency=30 * DAY)
URGENCIES = [one for one in handling_pb2.Urgency.values() if one]


def came(expires=NOW + 7 * DAY, received=NOW):
    return Timestamp(expires, received, received)


@pytest.mark.parametrize(
    ("days", "standing"),
    [(0, Standing.FRESH), (6.9, Standing.FRESH), (7, Standing.STALE), (36.9, Standing.STALE), (37, Standing.EMERGENCY)],
)
def test_age_decides(days, standing):
    assert POLICY.standing(came().at(NOW + days * DAY).age(POLICY)) is standing


def test_what_goes_on():
    for urgency in URGENCIES:
        assert Standing.FRESH.allows(urgency)
        assert Standing.STALE.allows(urgency)
    assert [one for one in URGENCIES if Standing.EMERGENCY.allows(one)] == [
        handling_pb2.URGENCY_FLASH,
        handling_pb2.URGENCY_URGENT,
    ]
    assert [one for one in Standing if one.admits] == [Standing.FRESH]


def test_a_timestamp_that_was_old_when_it_came_is_old():
    """Off a stick that lay around for a month."""
    late = came(expires=NOW - 23 * DAY, received=NOW)
    assert POLICY.standing(late.age(POLICY)) is Standing.STALE


def test_a_clock_far_behind_does_not_make_it_last_longer():
    """By this clock it is 2020: what the centre wrote is years away, so it is counted from when it came."""
    received = datetime(2020, 1, 1, tzinfo=UTC)
    lying = came(received=received)
    assert POLICY.standing(lying.at(received + 6 * DAY).age(POLICY)) is Standing.FRESH
    assert POLICY.standing(lying.at(received + 8 * DAY).age(POLICY)) is Standing.STALE


@given(st.lists(st.timedeltas(timedelta(days=-4000), timedelta(days=4000)), max_size=20))
def test_no_jump_of_the_clock_makes_it_younger(jumps):
    timestamp, age, now = came(), timedelta(0), NOW
    for jump in jumps:
        now += jump
        timestamp = timestamp.at(now)
        assert timestamp.age(POLICY) >= age
        age = timestamp.age(POLICY)


def test_the_numbers_are_those_of_the_api():
    for standing in Standing:
        assert exchange_pb2.RegisterFreshness.Name(standing) == f"REGISTER_FRESHNESS_{standing.name}"
