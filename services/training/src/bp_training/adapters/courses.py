"""Courses and packages in the database."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer
from bp_training.adapters.tables import CourseRow, PackageRow
from bp_training.domain.course import PUBLISHED, Course, CourseText
from bp_training.domain.names import course_of, digest_of
from bp_training.domain.package import Content, Lesson, Package

_EVERY_COUNTRY = "-"


class SqlCourses:
    """Courses of the own country, and replicas of the others'."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> Course | None:
        """Returns the course, locked when it is to be changed."""
        row = await self._session.get(CourseRow, name, with_for_update=for_change or None)
        return _course(row) if row else None

    async def add(self, course: Course) -> None:
        """Keeps a new course.

        Raises:
            Refused: ALREADY_EXISTS.
        """
        self._session.add(_course_row(course))
        try:
            await self._session.flush()
        except IntegrityError:
            raise Refused("ALREADY_EXISTS", name=course.name) from None

    async def save(self, course: Course) -> None:
        """Keeps a changed course, or a replica."""
        await self._session.merge(_course_row(course))
        await self._session.flush()

    async def page(self, listing: Listing, *, drafts_of: str) -> Listed[Course]:
        """Returns a page of published courses, and of the drafts of one country (empty: none), by name.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        statement = select(CourseRow).where(or_(CourseRow.state == PUBLISHED, CourseRow.country == drafts_of))
        country = country_of(listing.parent)
        if country != _EVERY_COUNTRY:
            statement = statement.where(CourseRow.country == country)
        page = await read_page(
            self._session,
            self._sealer,
            statement,
            listing=listing,
            keys=(CourseRow.name,),
            columns={
                "state": CourseRow.state,
                "country": CourseRow.country,
                "tags": CourseRow.tags,
                "publish_time": CourseRow.publish_time,
            },
        )
        return Listed([_course(row) for row in page.rows], page.next_token)

    async def published(self) -> list[Course]:
        """Returns all published courses, by name."""
        statement = select(CourseRow).where(CourseRow.state == PUBLISHED).order_by(CourseRow.name)
        return [_course(row) for row in await self._session.scalars(statement)]


class SqlPackages:
    """Packages of courses."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str) -> Package | None:
        """Returns the package."""
        row = await self._session.get(PackageRow, name)
        return _package(row) if row else None

    async def save(self, package: Package) -> None:
        """Keeps a package."""
        content = package.content
        await self._session.merge(
            PackageRow(
                name=package.name,
                course=course_of(package.name),
                size_bytes=content.size_bytes,
                unpacked_bytes=content.unpacked_bytes,
                file_count=content.file_count,
                title=content.title,
                lessons=[asdict(lesson) for lesson in content.lessons],
                create_time=package.create_time,
            )
        )
        await self._session.flush()

    async def newest(self, course: str) -> Package | None:
        """Returns the course's package that came last."""
        statement = (
            select(PackageRow)
            .where(PackageRow.course == course)
            .order_by(PackageRow.create_time.desc(), PackageRow.name.desc())
            .limit(1)
        )
        row = await self._session.scalar(statement)
        return _package(row) if row else None

    async def page(self, listing: Listing) -> Listed[Package]:
        """Returns a page of one course's packages, newest first.

        Raises:
            Refused: INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(PackageRow).where(PackageRow.course == listing.parent),
            listing=listing,
            keys=(PackageRow.create_time, PackageRow.name),
            descending=True,
        )
        return Listed([_package(row) for row in page.rows], page.next_token)


def _course(row: CourseRow) -> Course:
    return Course(
        name=row.name,
        text=CourseText(row.title, row.description, tuple(row.tags.split())),
        state=row.state,
        package=row.package,
        revision=row.revision,
        version=row.version,
        create_time=row.create_time,
        update_time=row.update_time,
        publish_time=row.publish_time,
    )


def _course_row(course: Course) -> CourseRow:
    return CourseRow(
        name=course.name,
        country=country_of(course.name),
        title=dict(course.text.title),
        description=dict(course.text.description),
        tags=f" {' '.join(course.text.tags)} ",
        state=course.state,
        package=course.package,
        revision=course.revision,
        version=course.version,
        create_time=course.create_time,
        update_time=course.update_time,
        publish_time=course.publish_time,
    )


def _package(row: PackageRow) -> Package:
    content = Content(
        digest=digest_of(row.name),
        size_bytes=row.size_bytes,
        unpacked_bytes=row.unpacked_bytes,
        file_count=row.file_count,
        title=row.title,
        lessons=tuple(Lesson(**lesson) for lesson in row.lessons),
    )
    return Package(row.name, content, row.create_time)
