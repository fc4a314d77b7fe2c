"""Recoveries in the database."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.tables import RecoveryRow
from bp_identity.domain.recovery import Recovery


class SqlRecoveries:
    """Recoveries."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find_by_code(self, digest: str) -> Recovery | None:
        """Returns the recovery of a code, locked."""
        return await self._find(RecoveryRow.code_digest == digest)

    async def find_by_ticket(self, digest: str) -> Recovery | None:
        """Returns the recovery of a ticket, locked."""
        return await self._find(RecoveryRow.ticket_digest == digest)

    async def add(self, recovery: Recovery) -> None:
        """Keeps a new recovery."""
        self._session.add(RecoveryRow(**asdict(recovery)))
        await self._session.flush()

    async def save(self, recovery: Recovery) -> None:
        """Keeps a changed recovery."""
        await self._session.merge(RecoveryRow(**asdict(recovery)))
        await self._session.flush()

    async def _find(self, which: ColumnElement[bool]) -> Recovery | None:
        row = await self._session.scalar(select(RecoveryRow).where(which).with_for_update())
        if row is None:
            return None
        return Recovery(
            name=row.name,
            code_digest=row.code_digest,
            ticket_digest=row.ticket_digest,
            create_time=row.create_time,
            expire_time=row.expire_time,
            state=row.state,
            confirmer=row.confirmer,
        )
