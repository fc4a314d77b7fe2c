"""Asking each quarter who should still hold which role, and ending what nobody confirms."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bp_identity.domain.access_review import CONFIRMED, PERIOD, REMOVED, AccessReview, quarter_of
from bp_identity.domain.grant import ADMINISTRATOR, Grant
from bp_identity.domain.names import country_name, officer_of
from bp_identity.usecases.boundaries import hold_administrators, require_own
from bp_identity.usecases.grants import announce, revoke_grant
from bp_identity.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of

# So many in a transaction; whoever calls comes back for the rest.
BATCH = 200


class AccessReviews(Protocol):
    """Roles in question."""

    async def find(self, name: str) -> AccessReview | None:
        """Returns the review, locked."""
        ...

    async def unasked(self, quarter: datetime, now: datetime, limit: int) -> list[Grant]:
        """Returns grants in force, given before the quarter, about which it has not been asked in it."""
        ...

    async def waiting(self, due_before: datetime, limit: int) -> list[AccessReview]:
        """Returns open reviews due before that moment, locked, the first due first."""
        ...

    async def add(self, review: AccessReview) -> None:
        """Keeps a new review."""
        ...

    async def save(self, review: AccessReview) -> None:
        """Keeps a changed review."""
        ...

    async def page(self, listing: Listing) -> Listed[AccessReview]:
        """Returns a page of one country's reviews, oldest first."""
        ...


async def ask(work: Work, reviews: AccessReviews) -> bool:
    """Puts roles into question that are due this quarter, and tells their countries' administrators.

    Returns:
        Whether there may be more.
    """
    now = work.clock()
    # Another pod that asks at the same time waits, and then finds nothing left to ask.
    for country in work.countries:
        await hold_administrators(work, country)
    due = await reviews.unasked(quarter_of(now), now, BATCH)
    for grant in due:
        officer = officer_of(grant.name)
        await reviews.add(
            AccessReview(
                name=f"{country_name(country_of(officer))}/accessReviews/{work.ids()}",
                grant=grant.name,
                officer=officer,
                role=grant.role,
                unit=grant.unit,
                quarter=quarter_of(now),
                create_time=now,
                due_time=now + PERIOD,
            )
        )
    await _tell(work, {country_of(grant.name) for grant in due})
    return len(due) == BATCH


async def remind(work: Work, reviews: AccessReviews, soonest: datetime) -> None:
    """Tells administrators again of what is still open and due before that moment."""
    now = work.clock()
    countries = set()
    for review in await reviews.waiting(soonest, 10 * BATCH):
        reminded = review.reminded(now)
        if reminded is not review:
            await reviews.save(reminded)
            countries.add(country_of(review.name))
    await _tell(work, countries)


async def lapse(work: Work, reviews: AccessReviews) -> bool:
    """Ends roles that nobody confirmed in time; but for a country's last administrator, without whom nobody could answer.

    Returns:
        Whether there may be more.
    """
    now = work.clock()
    for country in work.countries:
        await hold_administrators(work, country)
    late = await reviews.waiting(now, BATCH)
    ended = 0
    for review in late:
        if not await _is_last_administrator(work, review):
            await _end(work, review.grant)
            await reviews.save(review.lapsed())
            ended += 1
    return ended > 0 and len(late) == BATCH


async def confirm_access(work: Work, reviews: AccessReviews, principal: Principal, name: str) -> AccessReview:
    """Lets a role stay.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ACCESS_REVIEW_CLOSED, ACCESS_REVIEW_IS_YOUR_OWN.
    """
    answered = (await _review(work, reviews, principal, name)).answered(CONFIRMED, principal.name)
    await reviews.save(answered)
    return answered


async def remove_access(work: Work, reviews: AccessReviews, principal: Principal, name: str) -> AccessReview:
    """Ends a role.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ACCESS_REVIEW_CLOSED, LAST_ADMINISTRATOR.
    """
    answered = (await _review(work, reviews, principal, name)).answered(REMOVED, principal.name)
    await revoke_grant(work, principal, answered.grant)
    await reviews.save(answered)
    return answered


async def _review(work: Work, reviews: AccessReviews, principal: Principal, name: str) -> AccessReview:
    require_own(work, principal, name)
    await hold_administrators(work, country_of(name))
    found = await reviews.find(name)
    if found is None:
        raise Refused("NOT_FOUND", name=name)
    return found


async def _is_last_administrator(work: Work, review: AccessReview) -> bool:
    if review.role != ADMINISTRATOR:
        return False
    return await work.grants.administrators(country_of(review.name), work.clock()) == [review.officer]


async def _end(work: Work, name: str) -> None:
    grant = await work.grants.find(name, for_change=True)
    ended = grant.revoked(work.clock()) if grant is not None else None
    if ended is not None and ended is not grant:
        await work.grants.save(ended)
        await announce(work, officer_of(name))


async def _tell(work: Work, countries: set[str]) -> None:
    for country in sorted(countries):
        administrators = await work.grants.holders(country, (ADMINISTRATOR,), work.clock())
        await work.directory.reviews_wait(f"{country_name(country)}/accessReviews", tuple(administrators))
