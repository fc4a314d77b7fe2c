"""Puts one transaction's parts together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bp_catalogue.adapters.capabilities import SqlCapabilities
from bp_catalogue.adapters.outlet import OutboxOutlet
from bp_catalogue.adapters.reference import reference_capabilities
from bp_catalogue.adapters.requests import SqlAccessRequests, SqlAgreements
from bp_catalogue.adapters.uptake import SqlUptake
from bp_catalogue.usecases.work import Rules, Work
from bp_kit.database import Database
from bp_kit.outbox import Outbox
from bp_kit.ports import Seams


@dataclass(frozen=True)
class Workshop:
    """Makes `Work` on a session.

    Attributes:
        database: The catalogue's own.
        seams: The outside.
        rules: What the node's operators decided.
    """

    database: Database
    seams: Seams
    rules: Rules

    def on(self, session: AsyncSession) -> Work:
        """Returns the parts that work on this session."""
        sealer = self.seams.sealer
        return Work(
            capabilities=SqlCapabilities(session, sealer),
            requests=SqlAccessRequests(session, sealer),
            agreements=SqlAgreements(session, sealer),
            uptake=SqlUptake(session, sealer),
            outlet=OutboxOutlet(Outbox(session, self.seams), self.rules.centre),
            rules=self.rules,
            reference=reference_capabilities(),
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
