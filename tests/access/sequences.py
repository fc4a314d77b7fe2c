"""Sequences of what can happen to a label: merges, directives, replies, and being sent on and read in by other nodes.

Whether a label was lowered is judged here anew, by comparing what it lets whom do, not by the code under test.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bluepacific.common.v1 import handling_pb2
from bp_cooperation.adapters.messages import handling_message, handling_of
from bp_cooperation.domain.directive import Directive
from bp_cooperation.domain.handling import Handling

_LABELS = ("CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED")
_COUNTRIES = ("FJI", "TON", "WSM", "VUT", "KIR")
_CODES = ("H0", "H1", "H2", "H3", "C1", "C2", "X9")
_OPERATIONS = tuple(f"countries/FJI/operations/0199aaaa-5b7a-7e3c-9a1b-2f4d6c8e0a1{number}" for number in "12")
# People by the operations in which they take part.
_PEOPLE = (frozenset[str](), *(frozenset({one}) for one in _OPERATIONS), frozenset(_OPERATIONS))
_NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
_LONGEST = 8
Step = Callable[[Handling, Handling], Handling]


def _merge(kept: Handling, other: Handling) -> Handling:
    return kept.tightened(other)


def _obey(kept: Handling, other: Handling) -> Handling:
    record = "countries/FJI/requests/0199aaaa-5b7a-7e3c-9a1b-2f4d6c8e0a11"
    unit, officer = "countries/FJI/units/ncb", "countries/FJI/officers/ana"
    told = Directive(f"{record}/directives/1", record, "HANDLING", unit, officer, "PROTECTION", _NOON, _NOON, other)
    return told.applied_to(kept)


def _forward(kept: Handling, other: Handling) -> Handling:
    """Written, sent, and read in elsewhere, where the request that it answers has conditions of its own."""
    return other.tightened(_imported(kept))


def _imported(kept: Handling, _: Handling | None = None) -> Handling:
    raw = handling_message(kept).SerializeToString()
    return handling_of(handling_pb2.Handling.FromString(raw), "handling")


STEPS: dict[str, Step] = {"merge": _merge, "obey": _obey, "forward": _forward, "import": _imported}


def lowered(seed: int, count: int, steps: dict[str, Step] | None = None) -> tuple[int, list[str]]:
    """Returns how many sequences were played, and what each that lowered a label did.

    Args:
        seed: The same seed plays the same sequences.
        count: How many.
        steps: What can happen; all of `STEPS` when None.
    """
    chance, faults = random.Random(seed), []
    known = list((steps or STEPS).items())
    for _ in range(count):
        kept, done = _any(chance), list[str]()
        for _ in range(chance.randint(1, _LONGEST)):
            name, step = chance.choice(known)
            after = step(kept, _any(chance))
            done.append(name)
            if not is_as_strict(after, kept):
                faults.append(" ".join(done))
                break
            kept = after
    return count, faults


def is_as_strict(after: Handling, before: Handling) -> bool:
    """Tells whether nobody may do more under `after`, nor for longer."""
    units = [f"countries/{country}/units/ncb" for country in _COUNTRIES]
    return (
        _LABELS.index(after.tlp) >= _LABELS.index(before.tlp)
        and {*after.codes} >= {*before.codes}
        and all(before.allows(unit) for unit in units if after.allows(unit))
        and (
            before.retention_time is None
            or (after.retention_time or datetime.max.replace(tzinfo=UTC)) <= before.retention_time
        )
        and after.exercise == before.exercise
        and all(_open_to(before, person) for person in _PEOPLE if _open_to(after, person))
    )


def _open_to(handling: Handling, takes_part_in: frozenset[str]) -> bool:
    return not handling.operation or handling.operation in takes_part_in


def _any(chance: random.Random) -> Handling:
    days = chance.choice((None, 1, 5, 10, 400))
    return Handling(
        tlp=chance.choice(_LABELS),
        purpose="INVESTIGATION",
        releasable_to=tuple(sorted(chance.sample(_COUNTRIES, chance.randint(0, 3)))),
        retention_time=None if days is None else _NOON + timedelta(days=days),
        codes=tuple(sorted(chance.sample(_CODES, chance.randint(0, 3)))),
        operation=chance.choice(("", *_OPERATIONS)),
    )
