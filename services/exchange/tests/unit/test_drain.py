from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_exchange.protocol.allowance import Spent
from bp_exchange.protocol.drain import HORIZON, drained
from bp_exchange.protocol.plan import FLASH, URGENCIES, WHOLE_LINK, Plan, QuietHours, Rule

ROUTINE, BULK = URGENCIES[2:]
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def seconds(plan, waiting, pace=1000, spent=None):
    end = drained(plan, spent or Spent(), waiting, pace, NOON)
    return None if end is None else (end - NOON).total_seconds()


def test_without_a_plan_it_is_the_pace():
    assert seconds(Plan(), {ROUTINE: 60_000, BULK: 40_000}) == pytest.approx(100)
    assert seconds(Plan(), {}) == 0
    assert seconds(Plan(), {BULK: 1}, pace=None) is None


def test_a_rate_stands_for_an_unknown_pace_and_bounds_a_known_one():
    slow = Plan(UTC, {BULK: Rule(rate=100)})
    assert seconds(slow, {BULK: 10_000}, pace=None) == pytest.approx(100)
    # ROUTINE has the link for 50 seconds.
    assert seconds(slow, {BULK: 10_000, ROUTINE: 50_000}) == pytest.approx(150)
    assert seconds(Plan(UTC, {WHOLE_LINK: Rule(rate=500)}), {BULK: 10_000, ROUTINE: 5_000}) == pytest.approx(30)


def test_quiet_hours_are_waited_for():
    quiet = Plan(UTC, {BULK: Rule(quiet=(QuietHours(8 * 60, 17 * 60),))})
    assert seconds(quiet, {BULK: 1000}) == pytest.approx(5 * 3600 + 1)
    assert seconds(quiet, {ROUTINE: 1000}) == pytest.approx(1)
    # What is less urgent waits with it.
    office = Plan(UTC, {ROUTINE: Rule(quiet=(QuietHours(8 * 60, 17 * 60),))})
    assert seconds(office, {ROUTINE: 1000, BULK: 1000}) == pytest.approx(5 * 3600 + 2)


def test_a_volume_takes_days():
    daily = Plan(UTC, {BULK: Rule(volume=10_000)})
    # Ten a day: today's, tomorrow's, and the day after.
    assert seconds(daily, {BULK: 25_000}) == pytest.approx(36 * 3600 + 5)
    assert seconds(daily, {BULK: 5000}, spent=Spent("2026-11-25", {BULK: 10_000})) == pytest.approx(12 * 3600 + 5)


def test_flash_goes_through_what_holds_the_whole_link():
    whole = Plan(UTC, {WHOLE_LINK: Rule(rate=1, quiet=(QuietHours(0, 23 * 60),))})
    assert seconds(whole, {FLASH: 1000}) == pytest.approx(1)


def test_what_takes_longer_than_anybody_plans_is_not_said():
    assert seconds(Plan(UTC, {BULK: Rule(volume=1)}), {BULK: 1000}) is None


rules = st.builds(
    Rule,
    st.none() | st.integers(125, 10**6),
    st.none() | st.integers(10**4, 10**9),
    st.lists(st.builds(QuietHours, st.integers(0, 700), st.integers(701, 1440)), max_size=2).map(tuple),
)
plans = st.builds(Plan, st.just(UTC), st.dictionaries(st.sampled_from([WHOLE_LINK, *URGENCIES]), rules))
waits = st.dictionaries(st.sampled_from(URGENCIES), st.integers(0, 10**7))


@given(plans, waits, st.integers(10**3, 10**7))
def test_a_plan_never_makes_it_quicker_and_it_ends(plan, waiting, pace):
    end = drained(plan, Spent(), waiting, pace, NOON)
    if end is None:
        return
    bare = sum(waiting.values()) / pace
    assert bare - 1 <= (end - NOON).total_seconds() <= (HORIZON + timedelta(days=2)).total_seconds()
    if not plan.rules:
        assert (end - NOON).total_seconds() == pytest.approx(bare, abs=1)


@given(plans, waits, st.integers(10**3, 10**7), st.integers(1, 10**6))
def test_more_takes_no_less(plan, waiting, pace, more):
    end = drained(plan, Spent(), waiting, pace, NOON)
    later = drained(plan, Spent(), waiting | {BULK: waiting.get(BULK, 0) + more}, pace, NOON)
    if end is not None and later is not None:
        assert later >= end - timedelta(seconds=1)
