"""How far something got with each recipient: rungs reported one by one, in any order, more than once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

QUEUED, OPENED = "QUEUED", "OPENED"
# From the lowest to the highest. The last three end a ladder, but for what people had seen by then.
RUNGS = ("QUEUED", "SENT", "ACCEPTED", "DELIVERED", "EXPIRED", "RECALLED", "REFUSED", "OPENED", "ACTIONED")


@dataclass(frozen=True)
class Rung:
    """One step of a ladder.

    Attributes:
        unit: The recipient.
        state: One of `RUNGS`.
        time: When, by the clock of the node that says so.
        ground: Why, for REFUSED; else empty.
    """

    unit: str
    state: str
    time: datetime
    ground: str = ""


@dataclass(frozen=True)
class Ladder:
    """Where a recipient stands: rungs from the lowest to the highest."""

    unit: str
    rungs: tuple[Rung, ...]

    @property
    def state(self) -> str:
        """The highest rung's."""
        return self.rungs[-1].state

    @property
    def ground(self) -> str:
        """Why it was refused; empty where it was not."""
        return next((rung.ground for rung in self.rungs if rung.ground), "")


def merge(rungs: Iterable[Rung]) -> tuple[Rung, ...]:
    """Returns each rung of each recipient once, the earliest: the same whatever the order and however often one was told."""
    earliest: dict[tuple[str, str], Rung] = {}
    for rung in rungs:
        key = (rung.unit, rung.state)
        known = earliest.get(key, rung)
        earliest[key] = min(known, rung, key=lambda one: (one.time, one.ground))
    return tuple(sorted(earliest.values(), key=lambda one: (one.unit, RUNGS.index(one.state))))


def ladders(rungs: Iterable[Rung], recipients: Iterable[str]) -> list[Ladder]:
    """Returns the recipients' ladders, in the recipients' order; without rungs, none."""
    merged = merge(rungs)
    found = (Ladder(unit, tuple(rung for rung in merged if rung.unit == unit)) for unit in recipients)
    return [ladder for ladder in found if ladder.rungs]
