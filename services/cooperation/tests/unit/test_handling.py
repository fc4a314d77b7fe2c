from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_cooperation.domain.handling import TLP, Handling
from bp_kit.errors import Refused

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
CODES = ("FJI", "TON", "WSM", "VUT")
moments = st.none() | st.integers(0, 10).map(lambda days: NOON + timedelta(days=days))
handlings = st.builds(
    Handling,
    tlp=st.sampled_from(TLP),
    purpose=st.just("INVESTIGATION"),
    releasable_to=st.sets(st.sampled_from(CODES)).map(lambda codes: tuple(sorted(codes))),
    retention_time=moments,
)


def stricter_or_equal(one, other):
    """Tells whether nothing of the one is looser than the other."""
    return (
        TLP.index(one.tlp) >= TLP.index(other.tlp)
        and {*one.releasable_to} <= {*other.releasable_to}
        and (other.retention_time is None or (one.retention_time and one.retention_time <= other.retention_time))
    )


@given(handlings, handlings)
def test_a_merge_is_at_least_as_strict_as_both(one, other):
    merged = one.tightened(other)
    assert stricter_or_equal(merged, one)
    assert stricter_or_equal(merged, other)


@given(handlings, handlings, handlings)
def test_the_order_of_merges_does_not_matter(one, other, third):
    assert one.tightened(other) == other.tightened(one)
    assert one.tightened(other).tightened(third) == one.tightened(other.tightened(third))
    assert one.tightened(one) == one


def test_a_merge_keeps_the_purpose_of_what_was_asked():
    asked = Handling("AMBER", "INVESTIGATION")
    assert asked.tightened(Handling("RED", "TRAINING")).purpose == "INVESTIGATION"


def test_named_countries_shut_others_out():
    assert Handling("AMBER", "INVESTIGATION").allows("countries/TON/units/ncb")
    named = Handling("AMBER", "INVESTIGATION", ("FJI",))
    assert named.allows("countries/FJI/units/ncb")
    assert not named.allows("countries/TON/units/ncb")


@pytest.mark.parametrize(("days", "taken"), [(None, True), (0, False), (-1, False), (1, True), (10, True), (11, False)])
def test_retention_lies_between_now_and_the_longest(days, taken):
    given_time = None if days is None else NOON + timedelta(days=days)
    handling = Handling("AMBER", "INVESTIGATION", (), given_time)
    bounds = {"usual": timedelta(days=5), "longest": timedelta(days=10), "field": "request.handling"}
    if not taken:
        with pytest.raises(Refused, match="RETENTION_TIME_INVALID") as refused:
            handling.retained(NOON, **bounds)
        assert refused.value.field == "request.handling.retention_time"
        return
    retained = handling.retained(NOON, **bounds)
    assert retained.retention_time == (given_time or NOON + timedelta(days=5))
    assert not retained.expired(NOON)
    assert retained.expired(retained.retention_time)
