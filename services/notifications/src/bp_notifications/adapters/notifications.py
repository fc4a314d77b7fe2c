"""Notifications in the database."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit.listing import Listed, Listing
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer
from bp_notifications.adapters.tables import NotificationRow
from bp_notifications.domain.names import id_of, officer_of
from bp_notifications.domain.notification import READ, UNREAD, Notification

_FILTERED = {
    "state": NotificationRow.state,
    "template": NotificationRow.template,
    "subject": NotificationRow.subject,
    "urgent": NotificationRow.urgent,
    "create_time": NotificationRow.create_time,
}


class SqlNotifications:
    """Notifications of people here."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> Notification | None:
        """Returns the notification, locked when it is to be changed."""
        statement = select(NotificationRow).where(
            NotificationRow.notification_id == id_of(name), NotificationRow.officer == officer_of(name)
        )
        row = await self._session.scalar(statement.with_for_update() if for_change else statement)
        return _notification(row) if row else None

    async def told(self, cause: str) -> set[str]:
        """Returns who has a notification of that cause."""
        statement = select(NotificationRow.officer).where(NotificationRow.cause == cause)
        return set(await self._session.scalars(statement))

    async def add(self, notification: Notification) -> None:
        """Keeps a new notification."""
        self._session.add(NotificationRow(**asdict(notification)))
        await self._session.flush()

    async def save(self, notification: Notification) -> None:
        """Keeps a changed notification."""
        await self._session.merge(NotificationRow(**asdict(notification)))
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Notification]:
        """Returns a page of one person's notifications, newest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        statement = select(NotificationRow).where(NotificationRow.officer == listing.parent)
        page = await read_page(
            self._session,
            self._sealer,
            statement,
            listing=listing,
            keys=(NotificationRow.position,),
            columns=_FILTERED,
            descending=True,
        )
        return Listed([_notification(row) for row in page.rows], page.next_token)

    async def after(self, officer: str, position: int, limit: int, *, unread: bool) -> list[Notification]:
        """Returns the person's notifications after a position, oldest first; only unread ones where asked for."""
        statement = select(NotificationRow).where(
            NotificationRow.officer == officer, NotificationRow.position > position
        )
        if unread:
            statement = statement.where(NotificationRow.state == UNREAD)
        rows = await self._session.scalars(statement.order_by(NotificationRow.position).limit(limit))
        return [_notification(row) for row in rows]

    async def unread_count(self, officer: str) -> int:
        """Returns how many the person has not read."""
        statement = select(func.count()).where(NotificationRow.officer == officer, NotificationRow.state == UNREAD)
        return await self._session.scalar(statement) or 0

    async def mark_read(self, officer: str, up_to: int | None, now: datetime) -> int:
        """Marks the person's notifications up to a position (None: all) as read; returns how many were not."""
        statement = update(NotificationRow).where(NotificationRow.officer == officer, NotificationRow.state == UNREAD)
        if up_to is not None:
            statement = statement.where(NotificationRow.position <= up_to)
        marked = await self._session.execute(
            statement.values(state=READ, read_time=now).returning(NotificationRow.position),
            execution_options={"synchronize_session": False},
        )
        return len(marked.all())

    async def forget(self, before: datetime, limit: int) -> int:
        """Deletes notifications made before a moment, so many at most; returns how many."""
        key = tuple_(NotificationRow.officer, NotificationRow.position)
        old = (
            select(NotificationRow.officer, NotificationRow.position)
            .where(NotificationRow.create_time < before)
            .limit(limit)
        )
        gone = await self._session.execute(
            delete(NotificationRow).where(key.in_(old)).returning(NotificationRow.position),
            execution_options={"synchronize_session": False},
        )
        return len(gone.all())


def _notification(row: NotificationRow) -> Notification:
    return Notification(
        officer=row.officer,
        position=row.position,
        notification_id=row.notification_id,
        cause=row.cause,
        template=row.template,
        subject=row.subject,
        urgent=row.urgent,
        create_time=row.create_time,
        state=row.state,
        read_time=row.read_time,
    )
