"""Keys of epochs, in the database: those this node gave in clear, as its files' are; those it was granted as they came, sealed to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.tables import GivenEpochRow, GrantedEpochRow
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
