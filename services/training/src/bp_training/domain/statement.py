"""What happened in lessons, and what follows from it.

Statements are made where people learn, often off line, and arrive late, twice and in any order. So the history of an enrolment is a set
of statements: merging two histories is their union by statement id, which is commutative, associative and idempotent, and everything
else is derived from the set alone. A lesson once passed stays passed: more statements can only add to what is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bp_training.domain.package import Lesson

INITIALIZED, PROGRESSED, PASSED, FAILED, COMPLETED, TERMINATED = (
    "INITIALIZED",
    "PROGRESSED",
    "PASSED",
    "FAILED",
    "COMPLETED",
    "TERMINATED",
)
VERBS = (INITIALIZED, PROGRESSED, PASSED, FAILED, COMPLETED, TERMINATED)
NOT_STARTED, IN_PROGRESS = "NOT_STARTED", "IN_PROGRESS"
ENROLLED = "ENROLLED"


@dataclass(frozen=True)
class Statement:
    """One thing that happened.

    Attributes:
        statement_id: UUID made where it happened.
        lesson_id: In which lesson.
        verb: One of `VERBS`.
        event_time: When, by the learner's clock.
        score: 0 to 100; None where there is none.
    """

    statement_id: str
    lesson_id: str
    verb: str
    event_time: datetime
    score: float | None = None

    @property
    def rank(self) -> tuple[str, str, datetime, float]:
        """Orders different statements under one id, so that every node keeps the same one of them."""
        return (self.lesson_id, self.verb, self.event_time, -1.0 if self.score is None else self.score)


History = Mapping[str, Statement]


def history_of(statements: Iterable[Statement]) -> dict[str, Statement]:
    """Returns the history that these statements make up, by statement id."""
    history: dict[str, Statement] = {}
    for statement in statements:
        known = history.get(statement.statement_id)
        if known is None or statement.rank < known.rank:
            history[statement.statement_id] = statement
    return history


def merge(one: History, other: History) -> dict[str, Statement]:
    """Returns the union of two histories."""
    return history_of([*one.values(), *other.values()])


@dataclass(frozen=True)
class LessonProgress:
    """Where one lesson stands.

    Attributes:
        lesson_id: The lesson.
        state: NOT_STARTED, IN_PROGRESS, FAILED or PASSED.
        best_score: 0 to 100; None where there is none.
        pass_time: When it was first passed, by the learner's clock.
    """

    lesson_id: str
    state: str
    best_score: float | None = None
    pass_time: datetime | None = None


@dataclass(frozen=True)
class Progress:
    """Where an enrolment stands.

    Attributes:
        state: ENROLLED, IN_PROGRESS or COMPLETED.
        lessons: In the package's order.
        complete_time: When the last lesson was first passed; None before.
    """

    state: str
    lessons: tuple[LessonProgress, ...]
    complete_time: datetime | None


def progress_of(lessons: Sequence[Lesson], history: History) -> Progress:
    """Derives where an enrolment stands from its package's lessons and its history."""
    by_lesson: dict[str, list[Statement]] = {}
    for statement in history.values():
        by_lesson.setdefault(statement.lesson_id, []).append(statement)
    found = tuple(_lesson_progress(lesson, by_lesson.get(lesson.lesson_id, ())) for lesson in lessons)
    passed = [one.pass_time for one in found if one.pass_time]
    if found and len(passed) == len(found):
        return Progress(COMPLETED, found, max(passed))
    opened = any(one.state != NOT_STARTED for one in found)
    return Progress(IN_PROGRESS if opened else ENROLLED, found, None)


def _lesson_progress(lesson: Lesson, statements: Sequence[Statement]) -> LessonProgress:
    if not statements:
        return LessonProgress(lesson.lesson_id, NOT_STARTED)
    passing = [statement.event_time for statement in statements if _passes(lesson, statement)]
    best = max((statement.score for statement in statements if statement.score is not None), default=None)
    if passing:
        return LessonProgress(lesson.lesson_id, PASSED, best, min(passing))
    failed = any(statement.verb == FAILED for statement in statements)
    return LessonProgress(lesson.lesson_id, FAILED if failed else IN_PROGRESS, best)


def _passes(lesson: Lesson, statement: Statement) -> bool:
    """SCORM 1.2: where there is a mastery score, a reported score is judged by it, whatever the content says of itself."""
    if statement.verb == COMPLETED:
        return lesson.mastery_score is None
    if statement.verb != PASSED:
        return False
    return lesson.mastery_score is None or statement.score is None or statement.score >= lesson.mastery_score
