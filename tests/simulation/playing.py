"""Plays the schedule of a seed, and says what it violated."""

import gc
from contextlib import nullcontext
from dataclasses import dataclass

import structlog

from tests.simulation.crypto import quick
from tests.simulation.mutants import Honest
from tests.simulation.network import Network
from tests.simulation.schedule import draw


@dataclass(frozen=True)
class Outcome:
    """What became of a schedule."""

    seed: int
    violations: list[str]


def _crypto(schedule):
    return nullcontext() if schedule.real_crypto else quick()


def play(seed, *, tell=None, rules=None, schedule=None):
    """Returns the outcome of a seed's schedule, or of one that is given; an error in the code under test is a violation like others."""
    schedule, rules = schedule or draw(seed), rules or Honest()
    if tell:
        tell(str(schedule))
    collects, _ = gc.isenabled(), gc.disable()
    try:
        with structlog.testing.capture_logs(), _crypto(schedule), rules.planted():
            violations = Network(schedule, tell, rules).run()
    except Exception as error:
        if tell:
            raise
        violations = [f"broke: {type(error).__name__}: {error}"]
    finally:
        if collects:
            gc.enable()
            gc.collect(0)
    for one in violations if tell else ():
        tell(f"VIOLATED  {one}")
    return Outcome(seed, violations)
