"""What a seed stands for: how large the network is, how long it runs, and which troubles it has."""

import dataclasses
import random
from dataclasses import dataclass

from tests.simulation.members import CENTRE, node_ids

MOST_COUNTRIES = 29


@dataclass(frozen=True)
class Schedule:
    """One run.

    Attributes:
        seconds: Of trouble; then all is mended.
        faults: How many of the usual ones.
        kinds: Which.
        first_release: Nodes that begin with the first release, which knows version 1 of envelopes only.
        upgraded: Those of them that get the newest one while the network runs.
        bursts: Several messages are handed in at once.
        real_crypto: Signatures and key encapsulation are real; else stand-ins, which are quicker.
    """

    seed: int
    countries: int
    messages: int
    seconds: float
    faults: int
    kinds: tuple[str, ...]
    delay: float
    rates: tuple[int, ...]
    expiry: bool = False
    with_files: bool = False
    media: int = 0
    hostile_peer: bool = False
    hostile_relay: bool = False
    first_release: tuple[str, ...] = ()
    upgraded: tuple[str, ...] = ()
    bursts: bool = False
    real_crypto: bool = True


_USUAL = ("cut", "apart", "silence", "crash", "crash", "again", "no space", "pause service")
_SELDOM = ("restore", "clock")


def draw(seed, *, short=True):
    """Returns the schedule of a seed; every other one is short, where that is wanted."""
    chance = random.Random(f"schedule {seed}")
    large = chance.random() < 0.01
    countries = MOST_COUNTRIES if large else chance.choices((2, 3, 4, 6, 10), (50, 25, 12, 8, 5))[0]
    hostile = chance.choices(("", "peer", "relay"), (70, 18, 12))[0]
    if hostile == "peer" and countries < 3:
        countries = 3
    kinds = _USUAL
    if not hostile:
        kinds += _SELDOM
    drawn = Schedule(
        seed=seed,
        countries=countries,
        messages=40 if large else chance.randint(2, 14),
        seconds=chance.choice((60, 200, 600)),
        faults=chance.randint(0, 8 if not large else 20),
        kinds=tuple(chance.sample(kinds, chance.randint(1, len(kinds)))),
        delay=chance.choice((0.05, 0.6, 3)),
        rates=chance.choice(((1_000_000,), (16_000, 128_000), (4_000, 64_000))),
        expiry=chance.random() < 0.2,
        with_files=chance.random() < 0.2,
        media=chance.choice((0, 0, 0, 2, 6)),
        hostile_peer=hostile == "peer",
        hostile_relay=hostile == "relay",
        **_releases(seed, node_ids(countries)),
    )
    return _short(drawn) if short and seed % 2 else drawn


def _short(schedule):
    """Returns a schedule with so little in it that many can be run."""
    return dataclasses.replace(schedule, messages=(schedule.messages + 2) // 3, faults=(schedule.faults + 1) // 2)


def _releases(seed, nodes):
    """Returns which release runs where: the newest everywhere, the first everywhere, or some of each."""
    chance = random.Random(f"releases {seed}")
    mix = chance.choices(("newest", "first", "both"), (50, 15, 35))[0]
    if mix == "both":
        first = [one for one in nodes if chance.random() < (0.3 if one == CENTRE else 0.5)]
    else:
        first = nodes if mix == "first" else []
    upgraded = [one for one in first if chance.random() < 0.6] if mix == "both" else []
    return {
        "first_release": tuple(first),
        "upgraded": tuple(upgraded),
        "real_crypto": chance.random() < 0.2,
        "bursts": mix != "first" and chance.random() < 0.3,
    }


def of_the_first_release(schedule):
    """Returns a schedule in which no node knows more than version 1 of envelopes."""
    nodes = tuple(node_ids(schedule.countries))
    return dataclasses.replace(schedule, first_release=nodes, upgraded=(), bursts=False)


def of_the_newest_release(schedule):
    """Returns a schedule in which every node knows all versions of envelopes."""
    return dataclasses.replace(schedule, first_release=(), upgraded=(), bursts=True)
