from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_identity.domain.throttle import FORGET, FREE, FREE_SPRAYED, LONGEST, Throttle, sprayed
from bp_kit.errors import Refused

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
waits = st.lists(st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=2)), max_size=60)


def attempts(pauses):
    """Tries after each pause; yields what was allowed: time, state after."""
    now, state = NOON, Throttle()
    for pause in pauses:
        now += pause
        try:
            state = state.attempt(now)
        except Refused:
            continue
        yield now, state


@given(waits)
def test_no_wait_is_longer_than_the_longest(pauses):
    for now, state in attempts(pauses):
        assert state.blocked_until is None or state.blocked_until <= now + LONGEST


@given(waits)
def test_whoever_waits_long_enough_may_try(pauses):
    state, now = Throttle(), NOON
    for now, state in attempts(pauses):  # noqa: B007
        pass
    assert state.attempt(now + LONGEST)


@given(waits)
def test_few_guesses_are_taken_whatever_the_rhythm(pauses):
    """In any hour: the free ones, and then no more than the doubling waits leave room for."""
    allowed = [now for now, _ in attempts(pauses)]
    for begin in allowed:
        assert sum(begin <= one < begin + FORGET for one in allowed) <= 2 * FREE + 9


@given(st.integers(min_value=FREE, max_value=60))
def test_a_refused_attempt_changes_nothing(count):
    state, now = Throttle(), NOON
    for _ in range(count):
        now = state.blocked_until or now
        state = state.attempt(now)
    with pytest.raises(Refused) as refused:
        state.attempt(now + timedelta(seconds=1))
    left = int(refused.value.metadata["seconds"])
    assert state.attempt(now + timedelta(seconds=1 + left))


@given(st.integers(min_value=0, max_value=100))
def test_right_attempts_do_not_add_up(count):
    state = Throttle()
    for _ in range(count):
        state = state.attempt(NOON, FREE_SPRAYED).taken_back()
    assert state.attempts == 0


@given(st.text(max_size=300))
def test_of_a_password_sixteen_bits_are_kept(password):
    name = sprayed(password)
    assert name.startswith(" ")
    assert len(name) == len(" password ") + 4


def test_waits_double():
    state, now, seen = Throttle(), NOON, []
    for _ in range(FREE + 8):
        state = state.attempt(now)
        seen.append(int((state.blocked_until - now).total_seconds()) if state.blocked_until else 0)
        now = state.blocked_until or now
    assert seen == [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900, 900]


def test_a_quiet_hour_is_forgotten():
    state = Throttle()
    for _ in range(FREE - 1):
        state = state.attempt(NOON)
    assert state.attempt(NOON + FORGET).attempts == 1
