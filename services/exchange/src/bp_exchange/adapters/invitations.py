"""Invitations, in the centre's database."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.tables import InvitationRow
from bp_exchange.usecases.records import InvitationRecord


def secret_name(secret: bytes) -> str:
    """Returns what is kept of an invitation's secret."""
    return hashlib.sha256(secret).hexdigest()


class SqlInvitations:
    """Invitations within a transaction.

    Args:
        session: The transaction.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, invitation: InvitationRecord, now: datetime) -> None:
        """Adds an invitation."""
        values = {**asdict(invitation), "countries": list(invitation.countries), "create_time": now}
        await self._session.execute(insert(InvitationRow).values(**values))

    async def find(self, secret: bytes) -> InvitationRecord | None:
        """Returns the invitation of a secret, held until the transaction ends."""
        row = await self._session.scalar(
            select(InvitationRow).where(InvitationRow.secret_sha256 == secret_name(secret)).with_for_update()
        )
        return _record(row) if row else None

    async def waiting(self) -> list[InvitationRecord]:
        """Returns the invitations with which a node enrolled that nobody has confirmed yet, the oldest first."""
        waits = (InvitationRow.candidate.is_not(None), InvitationRow.confirmed_by == "")
        rows = await self._session.scalars(select(InvitationRow).where(*waits).order_by(InvitationRow.enrol_time))
        return [_record(row) for row in rows]

    async def confirm(self, secret_sha256: str, confirmed_by: str) -> None:
        """Notes who confirmed the node that enrolled with an invitation."""
        await self._session.execute(
            update(InvitationRow).where(InvitationRow.secret_sha256 == secret_sha256).values(confirmed_by=confirmed_by)
        )

    async def use(
        self, secret_sha256: str, request_digest: bytes, certificate: bytes, *, candidate: bytes | None, now: datetime
    ) -> None:
        """Notes what an invitation was used for; a candidate waits for a second person."""
        await self._session.execute(
            update(InvitationRow)
            .where(InvitationRow.secret_sha256 == secret_sha256)
            .values(request_digest=request_digest, certificate=certificate, candidate=candidate, enrol_time=now)
        )

    async def doors(self, now: datetime) -> list[bytes]:
        """Returns the doors that are open: a used one too, until it expires, for a node that did not get its answer."""
        rows = await self._session.scalars(select(InvitationRow.door).where(InvitationRow.expire_time > now))
        return list(rows)


def _record(row: InvitationRow) -> InvitationRecord:
    return InvitationRecord(
        secret_sha256=row.secret_sha256,
        node_id=row.node_id,
        countries=tuple(row.countries),
        door=row.door,
        expire_time=row.expire_time,
        request_digest=row.request_digest,
        certificate=row.certificate,
        invited_by=row.invited_by,
        candidate=row.candidate,
        enrol_time=row.enrol_time,
    )
