"""Counting people so that nobody can be told from the numbers.

The centre learns how many people of a country take a course, by gender and by completion. Two rules keep single people out of sight:

1. A number from 1 to just below the threshold is withheld. (Zero is told: it describes nobody.)
2. Withheld numbers must not follow from the told ones. The total is always told, so the withheld ones add up to a known sum. Therefore at
   least two are withheld together, together they reach the threshold, and their sum is not one that small numbers can make in one way
   only (all ones, or all just below the threshold). Where that does not hold, the smallest told number (with its equals) is withheld,
   too, and so on. Where only zeros are left to tell, they are withheld with the rest.

The tests play an attacker who knows these rules and tries every table.

Completion by gender is told for all genders or for none, and only where every number of it, and every difference to the enrolled, could
be told by itself. No totals over several courses are told, so tables of different courses do not share sums.

The total of a course is told even when small: it says how many, and nothing about anyone.

What this does not cover: who keeps every report can compare one with the next, and where only one person enrolled in between, may learn
that person's gender. Reports therefore gather changes over an interval (`participation_interval`); a longer one hides more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

GENDERS = ("FEMALE", "MALE", "OTHER", "UNDISCLOSED")
# A number, or None where it is withheld.
Told = int | None
_PAIR = 2


@dataclass(frozen=True)
class Tally:
    """True numbers of one course in one country, by gender. Never leaves the country."""

    enrolled: Mapping[str, int]
    completed: Mapping[str, int]


@dataclass(frozen=True)
class Participation:
    """What is told of a tally.

    Attributes:
        enrolled_count: The total.
        completed: Of those, completed.
        in_progress: Of those, not yet.
        enrolled_by_gender: For each of `GENDERS`.
        completed_by_gender: For each of `GENDERS`.
        threshold: Numbers below are withheld.
    """

    enrolled_count: int
    completed: Told
    in_progress: Told
    enrolled_by_gender: Mapping[str, Told]
    completed_by_gender: Mapping[str, Told]
    threshold: int


@dataclass(frozen=True)
class Report:
    """A country's participation in one course.

    Attributes:
        name: `countries/TON/participationReports/wsm-vessel-identity`.
        course: The course.
        participation: What is told.
        report_time: When it was counted.
    """

    name: str
    course: str
    participation: Participation
    report_time: datetime


def protect(cells: Mapping[str, int], threshold: int) -> dict[str, Told]:
    """Withholds the cells of a table with a known total that must not be told.

    Args:
        cells: True numbers that add up to the total.
        threshold: Numbers from 1 to just below it are withheld: 3 or more, or 1 to withhold nothing. (With 2, a withheld number
            can only be 1.)
    """
    withheld = {name for name, number in cells.items() if 0 < number < threshold}
    others = {name for name, number in cells.items() if number >= threshold}
    while withheld and others and not _hide_each_other([cells[name] for name in withheld], threshold):
        smallest = min(cells[name] for name in others)
        # All of that size: which of two equals was chosen would tell something, too.
        equals = {name for name in others if cells[name] == smallest}
        withheld |= equals
        others -= equals
    if withheld and not others:
        withheld = set(cells)
    return {name: None if name in withheld else number for name, number in cells.items()}


def participation_of(tally: Tally, threshold: int) -> Participation:
    """Returns what may be told of a tally."""
    enrolled = {gender: tally.enrolled.get(gender, 0) for gender in GENDERS}
    completed = {gender: tally.completed.get(gender, 0) for gender in GENDERS}
    total, done = sum(enrolled.values()), sum(completed.values())
    told = protect(enrolled, threshold)
    outcome = protect({"completed": done, "in_progress": total - done}, threshold)
    open_table = all(
        told[gender] is not None
        and _tellable(completed[gender], threshold)
        and _tellable(enrolled[gender] - completed[gender], threshold)
        for gender in GENDERS
    )
    return Participation(
        enrolled_count=total,
        completed=outcome["completed"],
        in_progress=outcome["in_progress"],
        enrolled_by_gender=told,
        completed_by_gender={gender: completed[gender] if open_table else None for gender in GENDERS},
        threshold=threshold,
    )


def _hide_each_other(withheld: Sequence[int], threshold: int) -> bool:
    if len(withheld) < _PAIR or sum(withheld) < threshold:
        return False
    return max(withheld) >= threshold or sum(withheld) not in (len(withheld), len(withheld) * (threshold - 1))


def _tellable(number: int, threshold: int) -> bool:
    return number == 0 or number >= threshold
