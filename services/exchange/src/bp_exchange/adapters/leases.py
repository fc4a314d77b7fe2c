"""What only one of a node's processes does at a time, in a database that they share: a peer's link, a service's subscription.

Who does it renews a row; one that was not renewed in time is anybody's. Times are the database's: clocks of processes do not matter.
On SQLite there is one process, and nothing is written.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.bells import Bells, woken
from bp_exchange.adapters.tables import LeaseRow
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.usecases.bells import lease_of
from bp_kit.database import Database

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert

RENEW_SECONDS = 5.0
_HOLDS = timedelta(seconds=16)
_IS_FREE = LeaseRow.renew_time < func.now() - _HOLDS


def link_to(peer: str) -> str:
    """Names the lease of a peer's link."""
    return f"link:{peer}"


def subscription_of(service: str) -> str:
    """Names the lease of a service's deliveries."""
    return f"subscription:{service}"


class Leases:
    """Leases of this process.

    Args:
        database: The exchange's.
        bells: Rung when a lease changes hands.
        pod: This process's name, for people.
    """

    def __init__(self, database: Database, bells: Bells, pod: str) -> None:
        self._database = database
        self._bells = bells
        self._pod = pod[:63]
        self.shared = not database.is_sqlite

    @unbroken
    async def seize(self, name: str, holder: str) -> None:
        """Takes a lease from whoever has it; that one hears of it at once."""
        if self.shared:
            async with self._changing(name) as session:
                await session.execute(self._upsert(name, holder).returning(LeaseRow.name))

    @unbroken
    async def take(self, name: str, holder: str) -> bool:
        """Takes a lease that nobody has; False when somebody does."""
        if not self.shared:
            return True
        upsert = self._upsert(name, holder, or_(_IS_FREE, LeaseRow.holder == holder))
        async with self._database.write() as session:
            return await session.scalar(upsert.returning(LeaseRow.name)) is not None

    @unbroken
    async def renew(self, name: str, holder: str) -> bool:
        """Goes on holding a lease; False when another has taken it."""
        if not self.shared:
            return True
        mine = (LeaseRow.name == name, LeaseRow.holder == holder)
        async with self._database.write() as session:
            renewed = update(LeaseRow).where(*mine).values(renew_time=func.now()).returning(LeaseRow.name)
            return await session.scalar(renewed) is not None

    @unbroken
    async def release(self, name: str, holder: str) -> None:
        """Gives a lease back, if it is still held; whoever waits for it hears of it."""
        if self.shared:
            async with self._changing(name) as session:
                await session.execute(delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder))

    @asynccontextmanager
    async def holding(self, name: str, lost: Callable[[], None]) -> AsyncIterator[None]:
        """Holds a lease within the block, which begins once nobody else has it.

        Args:
            name: Which.
            lost: Called when another has taken it, or whether it is held cannot be told any more.
        """
        if not self.shared:
            yield
            return
        holder = str(uuid4())
        await self._wait_for(name, holder)
        renewing = asyncio.create_task(self._renewing(name, holder))
        renewing.add_done_callback(lambda _: lost())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait({renewing})
            await self.release(name, holder)

    async def _wait_for(self, name: str, holder: str) -> None:
        stirred = asyncio.Event()
        with self._bells.listening(stirred.set, lease_of(name)):
            while not await self.take(name, holder):
                await woken(stirred, RENEW_SECONDS)

    async def _renewing(self, name: str, holder: str) -> None:
        with contextlib.suppress(SQLAlchemyError, OSError):
            while await self.renew(name, holder):  # noqa: ASYNC110 - time is what is waited for
                await asyncio.sleep(RENEW_SECONDS)

    @asynccontextmanager
    async def _changing(self, name: str) -> AsyncIterator[AsyncSession]:
        async with self._database.write() as session:
            self._bells.ring_after(session, [lease_of(name)])
            yield session

    def _upsert(self, name: str, holder: str, where: ColumnElement[bool] | None = None) -> Insert:
        from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415 - 4 MiB that a node on SQLite does not need

        values = {"holder": holder, "pod": self._pod, "take_time": func.now(), "renew_time": func.now()}
        return (
            insert(LeaseRow)
            .values(name=name, **values)
            .on_conflict_do_update(index_elements=[LeaseRow.name], set_=values, where=where)
        )


async def pod_with(session: AsyncSession, name: str) -> str | None:
    """Returns the name of the process that holds a lease; None when none does, or all is one process."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    return await session.scalar(select(LeaseRow.pod).where(LeaseRow.name == name, ~_IS_FREE))
