"""Enrolments and statements in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer
from bp_training.adapters.tables import EnrolmentRow, LearnerRow, StatementRow
from bp_training.domain.enrolment import Enrolment
from bp_training.domain.participation import Tally
from bp_training.domain.statement import COMPLETED, Statement
from bp_training.usecases.work import Recorded

_UNDISCLOSED = "UNDISCLOSED"


class SqlEnrolments:
    """Enrolments of the countries served here."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> Enrolment | None:
        """Returns the enrolment, locked when it is to be changed."""
        row = await self._session.get(EnrolmentRow, name, with_for_update=for_change or None)
        return _enrolment(row) if row else None

    async def find_of(self, learner: str, course: str) -> Enrolment | None:
        """Returns the learner's enrolment in the course."""
        statement = select(EnrolmentRow).where(EnrolmentRow.learner == learner, EnrolmentRow.course == course)
        row = await self._session.scalar(statement)
        return _enrolment(row) if row else None

    async def add(self, enrolment: Enrolment) -> None:
        """Keeps a new enrolment.

        Raises:
            Refused: ALREADY_EXISTS, where another one came first.
        """
        self._session.add(_row(enrolment))
        try:
            await self._session.flush()
        except IntegrityError:
            raise Refused("ALREADY_EXISTS", name=enrolment.course) from None

    async def save(self, enrolment: Enrolment) -> None:
        """Keeps a changed enrolment."""
        await self._session.merge(_row(enrolment))
        await self._session.flush()

    async def page(self, listing: Listing, *, learner: str) -> Listed[Enrolment]:
        """Returns a page of one country's enrolments, or of one learner's (empty: all), oldest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        statement = select(EnrolmentRow).where(EnrolmentRow.country == country_of(listing.parent))
        if learner:
            statement = statement.where(EnrolmentRow.learner == learner)
        page = await read_page(
            self._session,
            self._sealer,
            statement,
            listing=listing,
            keys=(EnrolmentRow.create_time, EnrolmentRow.name),
            columns={
                "course": EnrolmentRow.course,
                "learner": EnrolmentRow.learner,
                "state": EnrolmentRow.state,
                "create_time": EnrolmentRow.create_time,
            },
        )
        return Listed([_enrolment(row) for row in page.rows], page.next_token)

    async def tallies(self, country: str) -> dict[str, Tally]:
        """Returns the true numbers of a country, by course."""
        gender = func.coalesce(LearnerRow.gender, _UNDISCLOSED)
        found = await self._session.execute(
            select(EnrolmentRow.course, gender, EnrolmentRow.state, func.count())
            .outerjoin(LearnerRow, LearnerRow.officer == EnrolmentRow.learner)
            .where(EnrolmentRow.country == country)
            .group_by(EnrolmentRow.course, gender, EnrolmentRow.state)
        )
        enrolled: dict[str, dict[str, int]] = {}
        completed: dict[str, dict[str, int]] = {}
        for course, told, state, number in found:
            of_course = enrolled.setdefault(course, {})
            of_course[told] = of_course.get(told, 0) + number
            if state == COMPLETED:
                completed.setdefault(course, {})[told] = number
        return {course: Tally(enrolled[course], completed.get(course, {})) for course in enrolled}


class SqlStatements:
    """What happened; only ever added."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def history(self, enrolment: str) -> dict[str, Statement]:
        """Returns all statements of an enrolment, by id."""
        rows = await self._session.scalars(select(StatementRow).where(StatementRow.enrolment == enrolment))
        return {row.statement_id: _statement(row) for row in rows}

    async def add(self, enrolment: str, statements: Iterable[Statement], now: datetime) -> None:
        """Keeps new statements."""
        rows = [{"enrolment": enrolment, "record_time": now, **asdict(statement)} for statement in statements]
        await self._session.execute(insert(StatementRow), rows)

    async def page(self, listing: Listing) -> Listed[Recorded]:
        """Returns a page of one enrolment's statements, in the order they arrived.

        Raises:
            Refused: INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(StatementRow).where(StatementRow.enrolment == listing.parent),
            listing=listing,
            keys=(StatementRow.record_time, StatementRow.event_time, StatementRow.statement_id),
        )
        return Listed([Recorded(_statement(row), row.record_time) for row in page.rows], page.next_token)


def _enrolment(row: EnrolmentRow) -> Enrolment:
    return Enrolment(
        name=row.name,
        learner=row.learner,
        course=row.course,
        package=row.package,
        state=row.state,
        version=row.version,
        create_time=row.create_time,
        complete_time=row.complete_time,
        credential=row.credential,
    )


def _row(enrolment: Enrolment) -> EnrolmentRow:
    return EnrolmentRow(country=country_of(enrolment.name), **asdict(enrolment))


def _statement(row: StatementRow) -> Statement:
    return Statement(
        statement_id=row.statement_id,
        lesson_id=row.lesson_id,
        verb=row.verb,
        event_time=row.event_time,
        score=row.score,
    )
