"""Puts one transaction's parts together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit.database import Database
from bp_kit.ports import Seams
from bp_notifications.adapters.bells import BellBoard, CommitChimes
from bp_notifications.adapters.contacts import SqlContacts, SqlPreferences
from bp_notifications.adapters.mail_queue import SqlMailQueue
from bp_notifications.adapters.notifications import SqlNotifications
from bp_notifications.adapters.wording import Wording
from bp_notifications.usecases.work import Rules, Work


@dataclass(frozen=True)
class Desk:
    """Makes `Work` on a session.

    Attributes:
        database: The notifications' own.
        seams: The outside.
        wording: What notifications say.
        board: Who waits for what in this process.
        rules: What the node's operators decided.
    """

    database: Database
    seams: Seams
    wording: Wording
    board: BellBoard
    rules: Rules

    def on(self, session: AsyncSession) -> Work:
        """Returns the parts that work on this session."""
        return Work(
            contacts=SqlContacts(session),
            notifications=SqlNotifications(session, self.seams.sealer),
            preferences=SqlPreferences(session),
            mails=SqlMailQueue(session),
            templates=self.wording,
            chimes=CommitChimes(session, self.board),
            rules=self.rules,
            clock=self.seams.clock,
            ids=self.seams.ids,
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Work]:
        """Opens a transaction of its own, committed at its end."""
        async with self.database.write() as session:
            yield self.on(session)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Work]:
        """Opens a read-only transaction of its own."""
        async with self.database.read() as session:
            yield self.on(session)
