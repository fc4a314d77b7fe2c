"""Learners and participation reports in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer
from bp_training.adapters.tables import LearnerRow, ReportMarkRow, ReportRow
from bp_training.domain.enrolment import Learner
from bp_training.domain.participation import Participation, Report


class SqlLearners:
    """What identity told of the officers here."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, officer: str) -> Learner | None:
        """Returns what is known of the officer."""
        row = await self._session.get(LearnerRow, officer)
        return Learner(row.officer, row.gender, tuple(row.units), row.active, row.version) if row else None

    async def save(self, learner: Learner) -> None:
        """Keeps what is known of an officer."""
        values = {**asdict(learner), "units": list(learner.units)}
        await self._session.merge(LearnerRow(country=country_of(learner.officer), **values))
        await self._session.flush()

    async def units(self, country: str) -> list[str]:
        """Returns the units of a country's officers in service, by name."""
        listed = await self._session.scalars(
            select(LearnerRow.units).where(LearnerRow.country == country, LearnerRow.active)
        )
        return sorted({unit for units in listed for unit in units})


class SqlReports:
    """Participation as it may be told."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str) -> Report | None:
        """Returns the report."""
        row = await self._session.get(ReportRow, name)
        return _report(row) if row else None

    async def page(self, listing: Listing, *, country: str) -> Listed[Report]:
        """Returns a page of one country's reports (empty: all countries'), by name.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        statement = select(ReportRow)
        if country:
            statement = statement.where(ReportRow.country == country)
        page = await read_page(
            self._session,
            self._sealer,
            statement,
            listing=listing,
            keys=(ReportRow.name,),
            columns={
                "course": ReportRow.course,
                "country": ReportRow.country,
                "report_time": ReportRow.report_time,
            },
        )
        return Listed([_report(row) for row in page.rows], page.next_token)

    async def replace(self, country: str, reports: Iterable[Report]) -> None:
        """Puts a country's reports in place of those it had."""
        await self._session.execute(delete(ReportRow).where(ReportRow.country == country))
        self._session.add_all(
            ReportRow(
                name=report.name,
                country=country,
                course=report.course,
                numbers=asdict(report.participation),
                report_time=report.report_time,
            )
            for report in reports
        )
        await self._session.flush()

    async def version(self, country: str) -> int:
        """Returns the version of the country's reports; 0 for none. Locks it against change."""
        row = await self._session.get(ReportMarkRow, country, with_for_update=True)
        return row.version if row else 0

    async def set_version(self, country: str, version: int) -> None:
        """Keeps the version, and that nothing has changed since."""
        await self._session.merge(ReportMarkRow(country=country, version=version, due=False))
        await self._session.flush()

    async def mark_due(self, country: str) -> None:
        """Keeps that something has changed since the country reported."""
        row = await self._session.get(ReportMarkRow, country, with_for_update=True)
        if row is None:
            self._session.add(ReportMarkRow(country=country, version=0, due=True))
        else:
            row.due = True
        await self._session.flush()

    async def due(self) -> list[str]:
        """Returns the countries with changes since they reported."""
        return list(await self._session.scalars(select(ReportMarkRow.country).where(ReportMarkRow.due)))


def _report(row: ReportRow) -> Report:
    return Report(row.name, row.course, Participation(**row.numbers), row.report_time)
