"""Uptake in the database: counted, and as it was told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_catalogue.adapters.requests import state_at
from bp_catalogue.adapters.tables import AccessRequestRow, AgreementRow, ReportRow, TellingRow
from bp_catalogue.domain.access import ACTIVE, PENDING
from bp_catalogue.domain.uptake import Counts, Report, Telling
from bp_kit.listing import Listed, Listing
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlUptake:
    """Uptake: counted here, and as countries told it."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def count(self, country: str, now: datetime) -> dict[str, Counts]:
        """Counts a country's requests and agreements, by capability."""
        request, agreement = AccessRequestRow, AgreementRow
        found = await self._session.execute(
            select(
                request.capability,
                func.count(),
                func.count(case((request.state == PENDING, 1))),
                func.count(agreement.name),
                func.count(case((state_at(now) == ACTIVE, agreement.name))),
            )
            .outerjoin(agreement, agreement.request == request.name)
            .where(request.country == country)
            .group_by(request.capability)
        )
        return {capability: Counts(*numbers) for capability, *numbers in found}

    async def countries(self) -> list[str]:
        """Returns the countries with requests here."""
        return list(await self._session.scalars(select(AccessRequestRow.country).distinct()))

    async def find(self, name: str) -> Report | None:
        """Returns the report."""
        row = await self._session.get(ReportRow, name)
        return _report(row) if row else None

    async def of(self, country: str) -> list[Report]:
        """Returns a country's reports."""
        return [
            _report(row) for row in await self._session.scalars(select(ReportRow).where(ReportRow.country == country))
        ]

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
                "capability": ReportRow.capability,
                "country": ReportRow.country,
                "active_count": ReportRow.active_count,
                "report_time": ReportRow.report_time,
            },
        )
        return Listed([_report(row) for row in page.rows], page.next_token)

    async def told(self, country: str, *, for_change: bool = False) -> Telling | None:
        """Returns when a country last told its reports, if it did, locked when it is to be told anew."""
        row = await self._session.get(TellingRow, country, with_for_update=for_change or None)
        return Telling(row.version, row.report_time) if row else None

    async def replace(self, country: str, reports: Iterable[Report], telling: Telling) -> None:
        """Puts a country's reports in place of those it had."""
        await self._session.execute(delete(ReportRow).where(ReportRow.country == country))
        self._session.add_all(_row(country, report) for report in reports)
        await self._session.merge(TellingRow(country=country, version=telling.version, report_time=telling.report_time))
        await self._session.flush()


def _report(row: ReportRow) -> Report:
    counts = Counts(
        requests=row.request_count,
        pending=row.pending_count,
        agreements=row.agreement_count,
        active=row.active_count,
    )
    return Report(row.name, row.capability, counts, row.report_time)


def _row(country: str, report: Report) -> ReportRow:
    return ReportRow(
        name=report.name,
        country=country,
        capability=report.capability,
        request_count=report.counts.requests,
        pending_count=report.counts.pending,
        agreement_count=report.counts.agreements,
        active_count=report.counts.active,
        report_time=report.report_time,
    )
