"""Runs schedules, many at a time, and says which failed.

    .venv/bin/python -m tests.simulation --seeds 10000 [--first N] [--json]
    .venv/bin/python -m tests.simulation --seed 4711

The first runs a range of seeds on all cores, with progress on stderr; the last line is `seeds N failed M`. The second replays one seed
exactly and tells its story. It ends with 1 when a schedule failed.
"""

import argparse
import dataclasses
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation.playing import Outcome, play

_CHUNK = 25
_TELL_SECONDS = 10


def main():
    options = argparse.ArgumentParser(prog="tests.simulation", description="Simulates networks of exchanges.")
    options.add_argument("--seeds", type=int, default=1000, help="How many schedules.")
    options.add_argument("--first", type=int, default=0, help="The first seed.")
    options.add_argument("--seed", type=int, help="Replay this one, and tell its story.")
    options.add_argument("--json", action="store_true", help="Print the result as JSON.")
    options.add_argument("--jobs", type=int, default=os.cpu_count(), help="How many processes.")
    chosen = options.parse_args()
    outcomes = [replay(chosen)] if chosen.seed is not None else run(chosen)
    failed = [one for one in outcomes if one.violations]
    if chosen.json:
        print(json.dumps({"seeds": len(outcomes), "failed": [dataclasses.asdict(one) for one in failed]}, indent=1))
    else:
        for one in failed:
            print(f"seed {one.seed}:", *one.violations, sep="\n  ")
        print(f"seeds {len(outcomes)} failed {len(failed)}")
    return 1 if failed else 0


def replay(chosen):
    return play(chosen.seed, tell=None if chosen.json else print)


def run(chosen):
    """Returns the outcomes of a range of seeds."""
    last = chosen.first + chosen.seeds
    chunks = [range(at, min(at + _CHUNK, last)) for at in range(chosen.first, last, _CHUNK)]
    outcomes, progress = [], Progress(chosen.seeds)
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for done in as_completed([pool.submit(play_all, chunk) for chunk in chunks]):
            outcomes += done.result()
            for one in done.result():
                if one.violations:
                    print(f"seed {one.seed}:", *one.violations[:1], file=sys.stderr, flush=True)
            progress.tell(outcomes)
    return sorted(outcomes, key=lambda one: one.seed)


def play_all(seeds) -> list[Outcome]:
    return [play(seed) for seed in seeds]


class Progress:
    """Tells on stderr how far it is: on a terminal at once, else each ten seconds."""

    def __init__(self, total):
        self._total = total
        self._begun = self._told = time.monotonic()

    def tell(self, outcomes):
        now = time.monotonic()
        failed = sum(1 for one in outcomes if one.violations)
        pace = len(outcomes) / (now - self._begun) * 60
        line = f"{len(outcomes)} of {self._total}, {failed} failed, {pace:.0f} a minute"
        if sys.stderr.isatty():
            print(f"\r{line}", end="\n" if len(outcomes) == self._total else "", file=sys.stderr, flush=True)
        elif len(outcomes) == self._total or now - self._told >= _TELL_SECONDS:
            self._told = now
            print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
