"""The durable queue of e-mails. A claim is a due time in the near future: whoever dies with one only delays it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bp_notifications.adapters.tables import MailRow
from bp_notifications.domain.mail import QueuedMail

GIVEN_UP = "GIVEN_UP"
_UNSYNCHRONISED = {"synchronize_session": False}


class SqlMailQueue:
    """E-mails that wait."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, mail: QueuedMail) -> None:
        """Queues an e-mail, due at once."""
        self._session.add(MailRow(due_time=mail.create_time, **asdict(mail)))
        await self._session.flush()

    async def claim(self, now: datetime, until: datetime) -> QueuedMail | None:
        """Returns the next e-mail that is due, urgent ones first; nobody else gets it before `until`."""
        row = await self._session.scalar(
            select(MailRow)
            .where(MailRow.refused.is_(None), MailRow.due_time <= now)
            .order_by(MailRow.urgent.desc(), MailRow.due_time, MailRow.mail_id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.due_time = until
        return _mail(row)

    async def done(self, mail_id: str) -> None:
        """Takes an e-mail out of the queue."""
        await self._session.execute(
            delete(MailRow).where(MailRow.mail_id == mail_id), execution_options=_UNSYNCHRONISED
        )

    async def put_off(self, mail_id: str, due_time: datetime, *, counts: bool) -> None:
        """Makes an e-mail due later; counted as an attempt, or not."""
        attempts = MailRow.attempts + 1 if counts else MailRow.attempts
        await self._change(mail_id, due_time=due_time, attempts=attempts)

    async def set_aside(self, mail_id: str, reason: str) -> None:
        """Keeps an e-mail as refused; it is not tried again."""
        await self._change(mail_id, refused=reason)

    async def release_claims(self, now: datetime) -> None:
        """Makes what a process that died had claimed due at once; for databases that one process uses alone."""
        statement = update(MailRow).where(MailRow.refused.is_(None), MailRow.attempts == 0, MailRow.due_time > now)
        await self._session.execute(statement.values(due_time=now), execution_options=_UNSYNCHRONISED)

    async def give_up(self, before: datetime) -> int:
        """Sets aside what has waited since before a moment; returns how many."""
        found = await self._session.execute(
            update(MailRow)
            .where(MailRow.refused.is_(None), MailRow.create_time < before)
            .values(refused=GIVEN_UP)
            .returning(MailRow.mail_id),
            execution_options=_UNSYNCHRONISED,
        )
        return len(found.all())

    async def forget(self, before: datetime) -> int:
        """Deletes what was set aside and queued before a moment; returns how many."""
        found = await self._session.execute(
            delete(MailRow)
            .where(MailRow.refused.is_not(None), MailRow.create_time < before)
            .returning(MailRow.mail_id),
            execution_options=_UNSYNCHRONISED,
        )
        return len(found.all())

    async def _change(self, mail_id: str, **values: object) -> None:
        statement = update(MailRow).where(MailRow.mail_id == mail_id).values(**values)
        await self._session.execute(statement, execution_options=_UNSYNCHRONISED)


def _mail(row: MailRow) -> QueuedMail:
    return QueuedMail(
        mail_id=row.mail_id,
        officer=row.officer,
        template=row.template,
        subject=row.subject,
        urgent=row.urgent,
        traceparent=row.traceparent,
        attempts=row.attempts,
        create_time=row.create_time,
    )
