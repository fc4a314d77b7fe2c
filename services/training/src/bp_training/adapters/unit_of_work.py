"""Puts one transaction's parts together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit.database import Database
from bp_kit.outbox import Outbox
from bp_kit.ports import Seams
from bp_training.adapters.courses import SqlCourses, SqlPackages
from bp_training.adapters.credentials import SqlCredentials, SqlTrustedKeys
from bp_training.adapters.enrolments import SqlEnrolments, SqlStatements
from bp_training.adapters.outlet import OutboxOutlet
from bp_training.adapters.participation import SqlLearners, SqlReports
from bp_training.adapters.signatures import IssuerKeys
from bp_training.usecases.work import Rules, Work


@dataclass(frozen=True)
class Workshop:
    """Makes `Work` on a session.

    Attributes:
        database: Training's own.
        seams: The outside.
        issuer: The countries' keys for credentials.
        rules: What the node's operators decided.
    """

    database: Database
    seams: Seams
    issuer: IssuerKeys
    rules: Rules

    def on(self, session: AsyncSession) -> Work:
        """Returns the parts that work on this session."""
        sealer = self.seams.sealer
        return Work(
            courses=SqlCourses(session, sealer),
            packages=SqlPackages(session, sealer),
            enrolments=SqlEnrolments(session, sealer),
            statements=SqlStatements(session, sealer),
            credentials=SqlCredentials(session, sealer),
            learners=SqlLearners(session),
            trusted_keys=SqlTrustedKeys(session, sealer),
            reports=SqlReports(session, sealer),
            outlet=OutboxOutlet(Outbox(session, self.seams), self.rules.centre),
            issuer=self.issuer,
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
