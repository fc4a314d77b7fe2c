"""Keys of epochs, in the database: those this node gave in clear, as its files' are; those it was granted as they came, sealed to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import BatchRow, EnvelopeRow, GivenEpochRow, GrantedEpochRow, RungRow
from bp_exchange.adapters.writing import add_new
from bp_exchange.usecases.records import GivenEpoch
from bp_kit.ports import Clock

_GIVEN = GivenEpochRow.__table__.c


class SqlEpochs:
    """Epochs within a transaction.

    Args:
        session: The transaction.
        clock: The time now.
    """

    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def newest(self, node_id: str) -> GivenEpoch | None:
        """Returns the epoch that began last of those under which this node sends to another."""
        given = select(*_GIVEN).where(GivenEpochRow.node_id == node_id)
        row = (await self._session.execute(given.order_by(GivenEpochRow.create_time.desc()).limit(1))).first()
        return GivenEpoch(**row._mapping) if row else None  # noqa: SLF001 - its public way to a dict

    async def given(self, node_id: str, epoch: str) -> GivenEpoch | None:
        """Returns one of them."""
        one = select(*_GIVEN).where(GivenEpochRow.node_id == node_id, GivenEpochRow.epoch == epoch)
        row = (await self._session.execute(one)).first()
        return GivenEpoch(**row._mapping) if row else None  # noqa: SLF001 - as above

    async def begin(self, epoch: GivenEpoch) -> None:
        """Adds one."""
        await add_new(self._session, GivenEpochRow, [asdict(epoch)])

    async def use(self, node_id: str, epoch: str) -> None:
        """Counts one more envelope."""
        await self._session.execute(
            update(GivenEpochRow)
            .where(GivenEpochRow.node_id == node_id, GivenEpochRow.epoch == epoch)
            .values(used=GivenEpochRow.used + 1)
        )

    async def drop_given(self, before: datetime) -> int:
        """Drops epochs that were followed by another before that, and under which nothing is owed any more; returns how many."""
        later = aliased(GivenEpochRow)
        follower = (
            select(func.min(later.create_time))
            .where(later.node_id == GivenEpochRow.node_id, later.create_time > GivenEpochRow.create_time)
            .correlate(GivenEpochRow)
            .scalar_subquery()
        )
        # What was sealed under it had been taken before the next one began.
        is_owed = (
            exists()
            .where(RungRow.node_id == GivenEpochRow.node_id, RungRow.state < topics_pb2.DELIVERY_STATE_ACCEPTED)
            .where(EnvelopeRow.envelope_id == RungRow.envelope_id, EnvelopeRow.accept_time <= follower)
        )
        return await self._drop(delete(GivenEpochRow).where(follower < before, ~is_owed).returning(GivenEpochRow.epoch))

    async def drop_granted(self, before: datetime) -> int:
        """Drops keys of others' epochs that were followed by another before that, and that nothing waits for; returns how many."""
        later = aliased(GrantedEpochRow)
        is_followed = (
            exists()
            .where(later.sender_node == GrantedEpochRow.sender_node, later.accept_time > GrantedEpochRow.accept_time)
            .where(later.accept_time < before)
        )
        is_awaited = exists().where(
            BatchRow.sender_node == GrantedEpochRow.sender_node, BatchRow.awaited == GrantedEpochRow.epoch
        )
        return await self._drop(
            delete(GrantedEpochRow).where(is_followed, ~is_awaited).returning(GrantedEpochRow.epoch)
        )

    async def _drop(self, statement: Any) -> int:
        dropped = await self._session.execute(statement.execution_options(synchronize_session=False))
        return len(dropped.all())

    async def keep(self, sender_node: str, epoch: str, wrapped: bytes) -> None:
        """Keeps the key of an epoch of another node's."""
        row = {"sender_node": sender_node, "epoch": epoch, "wrapped": wrapped, "accept_time": self._clock()}
        await add_new(self._session, GrantedEpochRow, [row])


async def granted_keys(session: AsyncSession, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """Returns the wrapped keys of epochs, by (sender's node id, epoch); those that are not here are left out."""
    if not wanted:
        return {}
    rows = await session.execute(
        select(GrantedEpochRow).where(tuple_(GrantedEpochRow.sender_node, GrantedEpochRow.epoch).in_(wanted))
    )
    return {(row.sender_node, row.epoch): row.wrapped for row in rows.scalars()}
