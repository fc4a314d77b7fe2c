"""Counting the own people, telling the centre, and reading what countries told."""

from __future__ import annotations

from collections.abc import Sequence

from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_training.domain.enrolment import Learner
from bp_training.domain.names import report_name
from bp_training.domain.participation import Report, participation_of
from bp_training.usecases.work import Work


async def report_participation(work: Work, country: str) -> None:
    """Counts a country's people, keeps the numbers that may be told, and tells the centre, which may be here."""
    now = work.clock()
    # Never behind an earlier version, even after a backup was restored.
    version = max(await work.reports.version(country) + 1, int(now.timestamp() * 1_000_000))
    tallies = await work.enrolments.tallies(country)
    reports = [
        Report(report_name(country, course), course, participation_of(tally, work.rules.threshold), now)
        for course, tally in sorted(tallies.items())
    ]
    await work.reports.replace(country, reports)
    await work.reports.set_version(country, version)
    if country != work.rules.centre:
        await work.outlet.participation_reported(country, reports, version)


async def keep_reports(work: Work, country: str, reports: Sequence[Report], version: int) -> None:
    """Keeps what another country told, unless something newer is here."""
    if version <= await work.reports.version(country):
        return
    await work.reports.replace(country, reports)
    await work.reports.set_version(country, version)


async def keep_learner(work: Work, learner: Learner) -> None:
    """Keeps what identity tells of an officer, unless something newer is here."""
    known = await work.learners.find(learner.officer)
    if known and known.version >= learner.version:
        return
    await work.learners.save(learner)
    if known is None or known.gender != learner.gender:
        await work.reports.mark_due(country_of(learner.officer))


async def get_report(work: Work, principal: Principal, name: str) -> Report:
    """Returns a report of the caller's country, or at the centre of any.

    Raises:
        Refused: NOT_FOUND.
    """
    report = await work.reports.find(name) if _may_see(work, principal, country_of(name)) else None
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
    return await work.reports.page(listing, country=country)


def _may_see(work: Work, principal: Principal, country: str) -> bool:
    return principal.country in (country, work.rules.centre)
