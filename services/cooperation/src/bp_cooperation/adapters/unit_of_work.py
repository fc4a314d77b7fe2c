"""Puts one transaction's parts together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bp_cooperation.adapters.attachments import SqlAttachments
from bp_cooperation.adapters.directives import SqlDirectives
from bp_cooperation.adapters.directory import SqlDirectory
from bp_cooperation.adapters.entities import SqlEntities
from bp_cooperation.adapters.ladders import SqlCarriers, SqlLadders, SqlWaiting
from bp_cooperation.adapters.operations import SqlOperations
from bp_cooperation.adapters.outlet import OutboxOutlet
from bp_cooperation.adapters.records import SqlReplies, SqlRequests
from bp_cooperation.adapters.revisions import SqlRevisions
from bp_cooperation.adapters.sharings import SqlSharings
from bp_cooperation.adapters.stix import StixBundles
from bp_cooperation.adapters.ways import Ways
from bp_cooperation.usecases.access import Access
from bp_cooperation.usecases.work import Rules, Work
from bp_kit.database import Database
from bp_kit.outbox import Outbox
from bp_kit.ports import Seams


@dataclass(frozen=True)
class Workshop:
    """Makes `Work` on a session.

    Attributes:
        database: Cooperation's own.
        seams: The outside.
        rules: What the node's operators decided.
        ways: What the exchange knows of messages' ways.
        access: Who may do what.
    """

    database: Database
    seams: Seams
    rules: Rules
    ways: Ways
    access: Access

    def on(self, session: AsyncSession) -> Work:
        """Returns the parts that work on this session."""
        sealer = self.seams.sealer
        return Work(
            requests=SqlRequests(session, sealer, self.access),
            replies=SqlReplies(session, sealer, self.access),
            attachments=SqlAttachments(session, sealer),
            entities=SqlEntities(session, sealer, self.access, self.seams.clock),
            ladders=SqlLadders(session),
            directory=SqlDirectory(session, sealer),
            directives=SqlDirectives(session, sealer),
            revisions=SqlRevisions(session, sealer),
            carriers=SqlCarriers(session),
            sharings=SqlSharings(session, sealer),
            operations=SqlOperations(session, sealer),
            waiting=SqlWaiting(session),
            outlet=self.outlet(session),
            bundles=StixBundles(),
            access=self.access,
            rules=self.rules,
            clock=self.seams.clock,
            ids=self.seams.ids,
        )

    def outlet(self, session: AsyncSession) -> OutboxOutlet:
        """Returns what sends on this session."""
        operations = SqlOperations(session, self.seams.sealer)
        return OutboxOutlet(Outbox(session, self.seams), self.access, operations, self.seams.clock)

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
