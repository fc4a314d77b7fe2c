"""Access reviews in the database."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.grants import grant_of
from bp_identity.adapters.tables import AccessReviewRow, GrantRow, OfficerRow
from bp_identity.domain import officer as officers
from bp_identity.domain.access_review import OPEN, AccessReview
from bp_identity.domain.grant import Grant
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlAccessReviews:
    """Access reviews of all countries served here."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str) -> AccessReview | None:
        """Returns the review, locked."""
        row = await self._session.get(AccessReviewRow, name, with_for_update=True)
        return _review(row) if row else None

    async def unasked(self, quarter: datetime, now: datetime, limit: int) -> list[Grant]:
        """Returns grants in force, given before the quarter, about which it has not been asked in it."""
        asked = exists().where(AccessReviewRow.grant == GrantRow.name, AccessReviewRow.quarter == quarter)
        statement = (
            select(GrantRow)
            .join(OfficerRow, OfficerRow.name == GrantRow.officer)
            .where(
                GrantRow.create_time < quarter,
                GrantRow.start_time <= now,
                or_(GrantRow.end_time.is_(None), GrantRow.end_time > now),
                OfficerRow.state == officers.ACTIVE,
                ~asked,
            )
            .order_by(GrantRow.name)
            .limit(limit)
        )
        return [grant_of(row) for row in await self._session.scalars(statement)]

    async def waiting(self, due_before: datetime, limit: int) -> list[AccessReview]:
        """Returns open reviews due before that moment, locked, the first due first."""
        statement = (
            select(AccessReviewRow)
            .where(AccessReviewRow.state == OPEN, AccessReviewRow.due_time <= due_before)
            .order_by(AccessReviewRow.due_time, AccessReviewRow.name)
            .limit(limit)
            .with_for_update()
        )
        return [_review(row) for row in await self._session.scalars(statement)]

    async def add(self, review: AccessReview) -> None:
        """Keeps a new review."""
        self._session.add(_row(review))
        await self._session.flush()

    async def save(self, review: AccessReview) -> None:
        """Keeps a changed review."""
        await self._session.merge(_row(review))
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[AccessReview]:
        """Returns a page of one country's reviews, oldest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        row = AccessReviewRow
        page = await read_page(
            self._session,
            self._sealer,
            select(row).where(row.country == country_of(listing.parent)),
            listing=listing,
            keys=(row.create_time, row.name),
            columns={"state": row.state, "unit": row.unit, "officer": row.officer, "role": row.role},
        )
        return Listed([_review(row) for row in page.rows], page.next_token)


def _review(row: AccessReviewRow) -> AccessReview:
    return AccessReview(**{field.name: getattr(row, field.name) for field in fields(AccessReview)})


def _row(review: AccessReview) -> AccessReviewRow:
    return AccessReviewRow(country=country_of(review.name), **asdict(review))
