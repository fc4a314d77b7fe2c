"""A few schedules of the simulator in every run of the suite, and for each thing it checks a bug that it must find."""

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulation.mutants import MUTANTS
from tests.simulation.playing import play
from tests.simulation.schedule import draw, of_the_first_release, of_the_newest_release

_SEEDS_FOR_A_BUG = 100


@pytest.mark.timeout(900)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
def test_no_schedule_violates_anything(seed):
    assert play(seed).violations == []


def test_thirty_nodes():
    schedule = dataclasses.replace(draw(1), countries=29, messages=40, media=0, hostile_peer=False, hostile_relay=False)
    assert play(1, schedule=schedule).violations == []


def test_a_seed_is_the_same_story_each_time():
    first, second = [], []
    play(11, tell=first.append)
    play(11, tell=second.append)
    assert first == second


@pytest.mark.parametrize("releases", [of_the_first_release, of_the_newest_release], ids=["version-1", "version-2"])
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.__name__)
def test_a_planted_bug_is_found_soon(mutant, releases):
    """What finds it is the check that is meant to, whichever version of envelopes the network speaks."""
    check = MUTANTS[mutant]
    for seed in range(_SEEDS_FOR_A_BUG):
        if any(
            one.startswith(check)
            for one in play(seed, rules=mutant(), schedule=_busy(releases(draw(seed, short=False)))).violations
        ):
            return
    raise AssertionError(f"{_SEEDS_FOR_A_BUG} seeds did not find it")


def _busy(schedule):
    return dataclasses.replace(schedule, bursts=True)
