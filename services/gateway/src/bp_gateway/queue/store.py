"""The kept calls: a SQLite file whose commits are on disk once they return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, Update, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.queue.v1 import queued_call_pb2 as pb
from bp_gateway.queue.tables import Base, QueuedCallRow
from bp_kit.database import Database

WAITING = pb.QUEUED_CALL_STATE_WAITING
_DONE_KEPT = timedelta(days=1)
_OTHERS_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Limits:
    """How much may wait.

    Attributes:
        calls: Of all callers.
        calls_each: Of one caller.
        size: Bytes of all.
    """

    calls: int
    calls_each: int
    size: int


class Store:
    """Keeps calls.

    Args:
        database: Of the gateway alone.
        limits: How much may wait.
    """

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits

    async def prepare(self) -> None:
        """Makes the table where it is missing."""
        async with self._database.write() as session:
            connection = await session.connection()
            await connection.run_sync(Base.metadata.create_all)

    async def keep(self, row: QueuedCallRow) -> QueuedCallRow | None:
        """Returns the row once it is on disk, or the one of the same call that waits already; None where there is no room."""
        async with self._database.write() as session:
            known: QueuedCallRow | None = await session.scalar(
                _waiting().where(QueuedCallRow.digest == row.digest).limit(1)
            )
            if known is not None:
                return known
            if not await self._has_room(session, row):
                return None
            session.add(row)
        return row

    async def waits(self, caller: str, package: str) -> bool:
        """Tells whether a caller has something waiting for a service, behind which the next call belongs."""
        async with self._database.read() as session:
            wanted = _waiting().where(QueuedCallRow.caller == caller, QueuedCallRow.package == package)
            return await session.scalar(wanted.limit(1)) is not None

    async def packages(self) -> Sequence[str]:
        """Returns the proto packages that calls wait for."""
        async with self._database.read() as session:
            wanted = select(QueuedCallRow.package).where(QueuedCallRow.state == WAITING).distinct()
            return (await session.scalars(wanted)).all()

    async def next(self, package: str, after: int) -> QueuedCallRow | None:
        """Returns the first call that waits for a service, of those that came after a position."""
        async with self._database.read() as session:
            wanted = _waiting().where(QueuedCallRow.package == package, QueuedCallRow.position > after)
            found: QueuedCallRow | None = await session.scalar(wanted.order_by(QueuedCallRow.position).limit(1))
        return found

    async def tried(self, row: QueuedCallRow) -> None:
        """Notes that a call was tried and failed in a way that it may not the next time."""
        async with self._database.write() as session:
            await session.execute(_the(row).values(attempts=QueuedCallRow.attempts + 1))

    async def end(self, row: QueuedCallRow, state: pb.QueuedCallState.ValueType, reason: str, now: datetime) -> None:
        """Notes what came of a call, and forgets its content."""
        async with self._database.write() as session:
            ended = _the(row).where(QueuedCallRow.state == WAITING)
            await session.execute(ended.values(state=state, reason=reason[:64], end_time=now, sealed=None, size=0))

    async def tidy(self, now: datetime) -> int:
        """Gives up calls that waited too long, and forgets what ended some days ago.

        Returns:
            How many were given up.
        """
        expired = pb.QUEUED_CALL_STATE_EXPIRED
        async with self._database.write() as session:
            given_up = await session.execute(
                update(QueuedCallRow)
                .where(QueuedCallRow.state == WAITING, QueuedCallRow.expire_time <= now)
                .values(state=expired, end_time=now, sealed=None, size=0)
            )
            done = QueuedCallRow.state == pb.QUEUED_CALL_STATE_DONE
            await session.execute(delete(QueuedCallRow).where(done, QueuedCallRow.end_time <= now - _DONE_KEPT))
            await session.execute(delete(QueuedCallRow).where(QueuedCallRow.end_time <= now - _OTHERS_KEPT))
        return int(getattr(given_up, "rowcount", 0))

    async def standing(self) -> tuple[int, datetime | None]:
        """Returns how many calls wait, and since when the oldest does."""
        async with self._database.read() as session:
            wanted = select(func.count(), func.min(QueuedCallRow.accept_time)).where(QueuedCallRow.state == WAITING)
            found = (await session.execute(wanted)).one()
        return int(found[0]), found[1]

    async def _has_room(self, session: AsyncSession, row: QueuedCallRow) -> bool:
        waiting = QueuedCallRow.state == WAITING
        counts = select(func.count(), func.coalesce(func.sum(QueuedCallRow.size), 0)).where(waiting)
        calls, size = (await session.execute(counts)).one()
        own = await session.scalar(select(func.count()).where(waiting, QueuedCallRow.caller == row.caller)) or 0
        limits = self._limits
        return bool(calls < limits.calls and own < limits.calls_each and size + row.size <= limits.size)


def _waiting() -> Select[QueuedCallRow]:
    return select(QueuedCallRow).where(QueuedCallRow.state == WAITING)


def _the(row: QueuedCallRow) -> Update:
    return update(QueuedCallRow).where(QueuedCallRow.position == row.position)
