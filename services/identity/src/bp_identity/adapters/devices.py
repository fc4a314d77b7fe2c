"""Device grants in the database."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.tables import DeviceRow
from bp_identity.domain.device import DeviceGrant


class SqlDevices:
    """Device grants."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, digest: str) -> DeviceGrant | None:
        """Returns the grant of a device code, locked."""
        row = await self._session.get(DeviceRow, digest, with_for_update=True)
        return _grant(row) if row else None

    async def find_by_user_code(self, digest: str) -> DeviceGrant | None:
        """Returns the grant of a user code, locked."""
        row = await self._session.scalar(select(DeviceRow).where(DeviceRow.user_digest == digest).with_for_update())
        return _grant(row) if row else None

    async def add(self, grant: DeviceGrant) -> None:
        """Keeps a new grant."""
        self._session.add(_row(grant))
        await self._session.flush()

    async def save(self, grant: DeviceGrant) -> None:
        """Keeps a changed grant."""
        await self._session.merge(_row(grant))
        await self._session.flush()


def _grant(row: DeviceRow) -> DeviceGrant:
    return DeviceGrant(
        digest=row.digest,
        user_digest=row.user_digest,
        client=row.client,
        scope=row.scope,
        expire_time=row.expire_time,
        interval=row.interval,
        poll_time=row.poll_time,
        state=row.state,
        officer=row.officer,
        auth_time=row.auth_time,
        methods=tuple(row.methods),
    )


def _row(grant: DeviceGrant) -> DeviceRow:
    return DeviceRow(**{**asdict(grant), "methods": list(grant.methods)})
