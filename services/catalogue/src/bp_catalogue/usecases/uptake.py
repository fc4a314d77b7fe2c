"""Counting a country's uptake, telling the centre, and reading what countries told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bp_catalogue.domain.names import report_name
from bp_catalogue.domain.uptake import Report, Telling
from bp_catalogue.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of


async def uptake_is_due(work: Work, country: str) -> bool:
    """Tells whether a country's numbers have changed since it told them, or were told long ago."""
    now = work.clock()
    told = await work.uptake.told(country)
    if told is None or told.report_time + work.rules.uptake_refresh <= now:
        return True
    known = {report.capability: report.counts for report in await work.uptake.of(country)}
    return known != await work.uptake.count(country, now)


async def report_uptake(work: Work, country: str) -> None:
    """Counts a country's uptake, keeps the numbers, and tells the centre, which may be here."""
    now = work.clock()
    told = await work.uptake.told(country, for_change=True)
    reports = await _counted(work, country, now)
    # Never behind an earlier version, even after a backup was restored.
    version = max(told.version + 1 if told else 1, int(now.timestamp() * 1_000_000))
    await work.uptake.replace(country, reports, Telling(version, now))
    if country != work.rules.centre:
        await work.outlet.uptake_reported(country, reports, version)


async def keep_reports(work: Work, country: str, reports: Sequence[Report], version: int) -> None:
    """Keeps what another country told, unless something newer is here."""
    told = await work.uptake.told(country, for_change=True)
    if told is None or version > told.version:
        await work.uptake.replace(country, reports, Telling(version, work.clock()))


async def get_report(work: Work, principal: Principal, name: str) -> Report:
    """Returns a report of the caller's country, or at the centre of any.

    Raises:
        Refused: NOT_FOUND.
    """
    report = await work.uptake.find(name) if _may_see(work, principal, country_of(name)) else None
    if report is None:
        raise Refused("NOT_FOUND", name=name)
    return report


async def list_reports(work: Work, principal: Principal, listing: Listing) -> Listed[Report]:
    """Returns a page of the reports that the caller may see.

    Raises:
        Refused: PERMISSION_DENIED, INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    country = country_of(listing.parent)
    if country == "-":
        country = "" if principal.country == work.rules.centre else principal.country
    elif not _may_see(work, principal, country):
        raise Refused("PERMISSION_DENIED")
    return await work.uptake.page(listing, country=country)


async def _counted(work: Work, country: str, now: datetime) -> list[Report]:
    counted = await work.uptake.count(country, now)
    return [
        Report(report_name(country, capability), capability, counts, now)
        for capability, counts in sorted(counted.items())
    ]


def _may_see(work: Work, principal: Principal, country: str) -> bool:
    return principal.country in (country, work.rules.centre)
