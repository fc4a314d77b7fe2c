"""Puts one transaction's parts together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.clients import SqlClients
from bp_identity.adapters.devices import SqlDevices
from bp_identity.adapters.directory import OutboxDirectory
from bp_identity.adapters.grants import SqlGrants
from bp_identity.adapters.officers import SqlOfficers
from bp_identity.adapters.passkeys import SqlPasskeys
from bp_identity.adapters.provisioned import SqlProvisioned
from bp_identity.adapters.recoveries import SqlRecoveries
from bp_identity.adapters.sign_in_tables import SqlCodes, SqlCredentials, SqlSessions, SqlThrottles, SqlVoids
from bp_identity.adapters.units import SqlUnits
from bp_identity.adapters.upstream_links import SqlUpstreamLinks
from bp_identity.usecases.work import Work
from bp_kit.database import Database
from bp_kit.outbox import Outbox
from bp_kit.ports import Seams


@dataclass(frozen=True)
class Workshop:
    """Makes `Work` on a session.

    Attributes:
        database: Identity's own.
        seams: The outside.
        throttle_key: Keys the hashes under which attempts are counted.
        countries: Codes of the countries whose people are kept here.
    """

    database: Database
    seams: Seams
    throttle_key: bytes
    countries: tuple[str, ...]

    def on(self, session: AsyncSession) -> Work:
        """Returns the parts that work on this session."""
        sealer = self.seams.sealer
        return Work(
            units=SqlUnits(session, sealer),
            officers=SqlOfficers(session, sealer),
            grants=SqlGrants(session, sealer),
            clients=SqlClients(session, sealer),
            credentials=SqlCredentials(session),
            sessions=SqlSessions(session, sealer),
            voids=SqlVoids(session),
            codes=SqlCodes(session),
            devices=SqlDevices(session),
            passkeys=SqlPasskeys(session, sealer),
            recoveries=SqlRecoveries(session),
            upstream_links=SqlUpstreamLinks(session),
            provisioned=SqlProvisioned(session),
            throttles=SqlThrottles(session, self.throttle_key),
            directory=OutboxDirectory(Outbox(session, self.seams)),
            clock=self.seams.clock,
            ids=self.seams.ids,
            countries=self.countries,
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Work]:
        """Opens a transaction of its own, committed at its end."""
        async with self.database.write() as session:
            yield self.on(session)
