"""Enrolling, recording what happened, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.etags import etag_of
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_training.domain.course import PUBLISHED
from bp_training.domain.enrolment import Enrolment
from bp_training.domain.package import Lesson
from bp_training.domain.statement import ENROLLED, History, Progress, Statement, history_of, merge, progress_of
from bp_training.usecases.courses import get_course
from bp_training.usecases.credentials import issue_credential
from bp_training.usecases.work import Recorded, Work


@dataclass(frozen=True)
class Standing:
    """An enrolment and, for its learner only, where its lessons stand."""

    enrolment: Enrolment
    progress: Progress | None


@dataclass(frozen=True)
class Recording:
    """What recording statements did."""

    standing: Standing
    recorded: int
    known: int


def enrolment_etag(enrolment: Enrolment) -> str:
    """Returns the enrolment's etag."""
    return etag_of(enrolment.name, enrolment.version)


async def enrol_learner(work: Work, principal: Principal, *, country: str, course: str, learner: str) -> Standing:
    """Enrols the caller, or for a trainer another officer of the country, in a published course.

    Raises:
        Refused: NOT_FOUND, COURSE_NOT_PUBLISHED, PERMISSION_DENIED, LEARNER_UNKNOWN, ALREADY_EXISTS.
    """
    learner = learner or principal.name
    await _require_may_enrol(work, principal, country, learner)
    found = await get_course(work, principal, course)
    if found.state != PUBLISHED:
        raise Refused("COURSE_NOT_PUBLISHED", field="enrolment.course")
    existing = await work.enrolments.find_of(learner, course)
    if existing:
        raise Refused("ALREADY_EXISTS", name=existing.name)
    enrolment = Enrolment(
        name=f"countries/{country}/enrolments/{work.ids()}",
        learner=learner,
        course=course,
        package=found.package,
        state=ENROLLED,
        version=1,
        create_time=work.clock(),
    )
    await work.enrolments.add(enrolment)
    await work.reports.mark_due(country)
    return await _standing(work, principal, enrolment)


async def get_enrolment(work: Work, principal: Principal, name: str) -> Standing:
    """Returns the caller's own enrolment, or for a trainer any of the country.

    Raises:
        Refused: NOT_FOUND.
    """
    enrolment = await work.enrolments.find(name)
    if enrolment is None or not _visible(enrolment, principal):
        raise Refused("NOT_FOUND", name=name)
    return await _standing(work, principal, enrolment)


async def list_enrolments(work: Work, principal: Principal, listing: Listing) -> Listed[Standing]:
    """Returns a page of the caller's own enrolments, or for a trainer of the country's.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    learner = "" if principal.holds("trainer") else principal.name
    page = await work.enrolments.page(listing, learner=learner)
    return Listed([await _standing(work, principal, one) for one in page.items], page.next_token)


async def record_statements(work: Work, principal: Principal, name: str, statements: Sequence[Statement]) -> Recording:
    """Records what happened in the caller's own enrolment; all of it or nothing. Completion brings the credential.

    Raises:
        Refused: NOT_FOUND, LESSON_UNKNOWN, STATEMENT_ID_REUSED, STATEMENT_LIMIT_REACHED.
    """
    enrolment = await _own(work, principal, name, for_change=True)
    lessons = await _lessons(work, enrolment)
    known = await work.statements.history(name)
    _check(statements, lessons, known)
    new = {key: one for key, one in history_of(statements).items() if key not in known}
    merged = merge(known, new)
    if len(merged) > work.rules.statement_limit:
        raise Refused("STATEMENT_LIMIT_REACHED", limit=work.rules.statement_limit)
    progress = progress_of(lessons, merged)
    if new:
        await work.statements.add(name, new.values(), work.clock())
        enrolment = await _advance(work, enrolment, progress)
    return Recording(Standing(enrolment, progress), len(new), len(statements) - len(new))


async def list_statements(work: Work, principal: Principal, listing: Listing) -> Listed[Recorded]:
    """Returns a page of what happened in the caller's own enrolment.

    Raises:
        Refused: NOT_FOUND, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    await _own(work, principal, listing.parent)
    return await work.statements.page(listing)


async def _advance(work: Work, enrolment: Enrolment, progress: Progress) -> Enrolment:
    advanced = enrolment.advanced(progress)
    if advanced.awaits_credential:
        advanced = advanced.credited((await issue_credential(work, advanced)).name)
    await work.enrolments.save(advanced)
    if advanced.state != enrolment.state:
        await work.reports.mark_due(country_of(enrolment.name))
    return advanced


def _check(statements: Sequence[Statement], lessons: Sequence[Lesson], known: History) -> None:
    lesson_ids = {lesson.lesson_id for lesson in lessons}
    seen = dict(known)
    for position, statement in enumerate(statements):
        field = f"statements[{position}]"
        if statement.lesson_id not in lesson_ids:
            raise Refused("LESSON_UNKNOWN", field=f"{field}.lesson_id", lesson=statement.lesson_id)
        if seen.setdefault(statement.statement_id, statement) != statement:
            raise Refused("STATEMENT_ID_REUSED", field=f"{field}.statement_id")


async def _require_may_enrol(work: Work, principal: Principal, country: str, learner: str) -> None:
    if learner == principal.name and principal.holds("learner"):
        return
    if not principal.holds("trainer"):
        raise Refused("PERMISSION_DENIED")
    found = await work.learners.find(learner) if country_of(learner) == country else None
    if found is None or not found.active:
        raise Refused("LEARNER_UNKNOWN", field="enrolment.learner")


async def _own(work: Work, principal: Principal, name: str, *, for_change: bool = False) -> Enrolment:
    enrolment = await work.enrolments.find(name, for_change=for_change)
    if enrolment is None or enrolment.learner != principal.name:
        raise Refused("NOT_FOUND", name=name)
    return enrolment


async def _standing(work: Work, principal: Principal, enrolment: Enrolment) -> Standing:
    if enrolment.learner != principal.name:
        return Standing(enrolment, None)
    lessons = await _lessons(work, enrolment)
    return Standing(enrolment, progress_of(lessons, await work.statements.history(enrolment.name)))


async def _lessons(work: Work, enrolment: Enrolment) -> tuple[Lesson, ...]:
    package = await work.packages.find(enrolment.package)
    if package is None:
        raise Refused("NOT_FOUND", name=enrolment.package)
    return package.content.lessons


def _visible(enrolment: Enrolment, principal: Principal) -> bool:
    return enrolment.learner == principal.name or principal.holds("trainer")
