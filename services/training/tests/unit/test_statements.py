from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bp_training.domain.package import Lesson
from bp_training.domain.statement import (
    COMPLETED,
    FAILED,
    INITIALIZED,
    PASSED,
    VERBS,
    Statement,
    history_of,
    merge,
    progress_of,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LESSONS = (Lesson("read", "Read", "read.html"), Lesson("quiz", "Quiz", "quiz.html", mastery_score=80))

# Few ids, so that the same one turns up with different content, too.
statements = st.builds(
    Statement,
    statement_id=st.sampled_from([f"id-{number}" for number in range(6)]),
    lesson_id=st.sampled_from(["read", "quiz"]),
    verb=st.sampled_from(VERBS),
    event_time=st.integers(0, 5).map(lambda hours: NOON + timedelta(hours=hours)),
    score=st.none() | st.sampled_from([0.0, 79.5, 80.0, 100.0]),
)
histories = st.lists(statements, max_size=8).map(history_of)


@given(histories, histories)
def test_merging_is_commutative(one, other):
    assert merge(one, other) == merge(other, one)


@given(histories, histories, histories)
def test_merging_is_associative(one, other, third):
    assert merge(merge(one, other), third) == merge(one, merge(other, third))


@given(histories)
def test_merging_is_idempotent(one):
    assert merge(one, one) == one


@given(st.lists(statements, max_size=10), st.randoms())
def test_order_and_repeats_change_nothing(batch, random):
    again = batch + batch[::2]
    random.shuffle(again)
    assert progress_of(LESSONS, history_of(again)) == progress_of(LESSONS, history_of(batch))


@given(st.lists(statements, max_size=10, unique_by=lambda one: one.statement_id), statements)
def test_what_is_completed_stays_completed(batch, more):
    before = history_of(batch)
    after = before if more.statement_id in before else merge(before, history_of([more]))
    if progress_of(LESSONS, before).state == COMPLETED:
        assert progress_of(LESSONS, after).state == COMPLETED


def said(number, lesson, verb, score=None, hours=0):
    return Statement(f"s{number}", lesson, verb, NOON + timedelta(hours=hours), score)


def test_completion_needs_every_lesson_and_the_mastery_score():
    history = history_of([said(1, "read", INITIALIZED), said(2, "quiz", COMPLETED), said(3, "quiz", PASSED, 79)])
    progress = progress_of(LESSONS, history)
    assert [lesson.state for lesson in progress.lessons] == ["IN_PROGRESS", "IN_PROGRESS"]
    history = merge(history, history_of([said(4, "quiz", FAILED, 20), said(5, "read", COMPLETED, hours=3)]))
    assert [lesson.state for lesson in progress_of(LESSONS, history).lessons] == ["PASSED", "FAILED"]
    history = merge(history, history_of([said(6, "quiz", PASSED, 80, hours=1), said(7, "quiz", PASSED, 95, hours=9)]))
    progress = progress_of(LESSONS, history)
    assert progress.state == COMPLETED
    assert progress.lessons[1].best_score == 95
    assert progress.complete_time == NOON + timedelta(hours=3)


def test_nothing_opened_is_enrolled():
    assert progress_of(LESSONS, {}).state == "ENROLLED"
    assert progress_of(LESSONS, history_of([said(1, "read", INITIALIZED)])).state == "IN_PROGRESS"
