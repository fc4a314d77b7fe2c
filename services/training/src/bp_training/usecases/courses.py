"""Making courses, publishing them, and keeping replicas of other countries'."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_training.domain.course import PUBLISHED, Course, CourseText, draft
from bp_training.domain.names import course_name, course_of
from bp_training.domain.package import Package
from bp_training.usecases.work import Work

_MAKERS = ("course_manager", "trainer")
EVERYBODY = "countries/-"


def course_etag(course: Course) -> str:
    """Returns the course's etag."""
    return etag_of(course.name, course.version)


def drafts_seen_by(principal: Principal) -> str:
    """Returns the code of the country whose drafts the caller sees; empty for none."""
    return principal.country if any(principal.holds(role) for role in _MAKERS) else ""


async def get_course(work: Work, principal: Principal, name: str) -> Course:
    """Returns a course that the caller can see.

    Raises:
        Refused: NOT_FOUND.
    """
    course = await work.courses.find(name)
    if course is None or not _visible(course, principal):
        raise Refused("NOT_FOUND", name=name)
    return course


async def list_courses(work: Work, principal: Principal, listing: Listing) -> Listed[Course]:
    """Returns a page of the courses that the caller can see.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    return await work.courses.page(listing, drafts_of=drafts_seen_by(principal))


async def create_course(work: Work, *, country: str, course_id: str, text: CourseText) -> Course:
    """Creates a draft.

    Raises:
        Refused: ALREADY_EXISTS, INVALID_FIELD, COURSE_TAG_UNKNOWN.
    """
    text.check(work.rules.known_tags)
    course = draft(course_name(country, course_id or work.ids()), text, work.clock())
    await work.courses.add(course)
    return course


async def update_course(
    work: Work, principal: Principal, name: str, *, text: CourseText, fields: Collection[str], etag: str
) -> Course:
    """Changes those fields of a course's text to what they are in the given one.

    Raises:
        Refused: NOT_FOUND, ETAG_MISMATCH, INVALID_FIELD, COURSE_TAG_UNKNOWN.
    """
    course = await _own(work, principal, name)
    check_etag(etag, course_etag(course))
    changed_text = replace(course.text, **{field: getattr(text, field) for field in fields})
    changed_text.check(work.rules.known_tags)
    changed = course.reworded(changed_text, work.clock())
    await work.courses.save(changed)
    return changed


async def publish_course(work: Work, principal: Principal, name: str, *, package: str, etag: str) -> Course:
    """Publishes a course with one of its packages, the newest if none is named.

    Raises:
        Refused: NOT_FOUND, ETAG_MISMATCH, COURSE_HAS_NO_PACKAGE.
    """
    course = await _own(work, principal, name)
    check_etag(etag, course_etag(course))
    chosen = await _chosen(work, name, package)
    published = course.published(chosen.name, work.clock())
    await work.courses.save(published)
    await work.outlet.course_published(published, chosen, [EVERYBODY])
    await work.outlet.tell_of_course(name, await work.learners.units(country_of(name)))
    return published


async def keep_replica(work: Work, course: Course, package: Package, own_country: str) -> None:
    """Keeps another country's published course, unless a newer one is here; its learners hear of a new one."""
    known = await work.courses.find(course.name, for_change=True)
    if known and known.revision >= course.revision:
        return
    if await work.packages.find(package.name) is None:
        await work.packages.save(package)
    await work.courses.save(course)
    await work.outlet.tell_of_course(course.name, await work.learners.units(own_country))


async def _chosen(work: Work, course: str, name: str) -> Package:
    if not name:
        newest = await work.packages.newest(course)
        if newest is None:
            raise Refused("COURSE_HAS_NO_PACKAGE")
        return newest
    found = await work.packages.find(name) if course_of(name) == course else None
    if found is None:
        raise Refused("NOT_FOUND", field="package", name=name)
    return found


async def _own(work: Work, principal: Principal, name: str) -> Course:
    if country_of(name) != principal.country:
        raise Refused("PERMISSION_DENIED")
    course = await work.courses.find(name, for_change=True)
    if course is None:
        raise Refused("NOT_FOUND", name=name)
    return course


def _visible(course: Course, principal: Principal) -> bool:
    return course.state == PUBLISHED or country_of(course.name) == drafts_seen_by(principal)
