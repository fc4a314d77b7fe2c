"""What this node remembers of what it had to do with others, in the database."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.tables import BatchRow, EnvelopeRow, NodeRow, RungRow
from bp_exchange.usecases.records import Role, Rung

# As many parameters as every database takes.
_AT_ONCE = 500


class SqlPast:
    """The past within a transaction.

    Args:
        session: The transaction.
        node_id: This node's id.
    """

    def __init__(self, session: AsyncSession, node_id: str) -> None:
        self._session = session
        self._node_id = node_id

    async def is_restored(self) -> bool:
        """Tells whether the node went back to a backup and has not told it yet."""
        return bool(await self._session.scalar(select(NodeRow.restored).where(NodeRow.node_id == self._node_id)))

    async def told(self) -> None:
        """Notes that it has."""
        await self._session.execute(update(NodeRow).where(NodeRow.node_id == self._node_id).values(restored=False))

    async def have_of(self, node_id: str) -> list[str]:
        """Returns the ids of the messages of another node's that are known here, the newest first."""
        wanted = select(EnvelopeRow.envelope_id).where(EnvelopeRow.sender_node == node_id)
        return list(await self._session.scalars(wanted.order_by(EnvelopeRow.accept_time.desc())))

    async def at(self, node_id: str) -> list[Rung]:
        """Returns how far this node's messages got at the recipients of another."""
        table = RungRow.__table__
        rows = await self._session.execute(
            select(table).where(RungRow.node_id == node_id).order_by(RungRow.envelope_id)
        )
        return [Rung(**row._mapping) for row in rows]  # noqa: SLF001 - its public way to a dict

    async def envelopes_of(self, message_ids: Collection[str]) -> list[bytes]:
        """Returns the envelopes in which these messages travelled, each once, as they travelled."""
        found: dict[str, bytes] = {}
        ids = list(message_ids)
        for at in range(0, len(ids), _AT_ONCE):
            is_sent = (EnvelopeRow.envelope_id.in_(ids[at : at + _AT_ONCE]), EnvelopeRow.role == Role.SENT)
            alone = select(EnvelopeRow.envelope_id, EnvelopeRow.raw).where(*is_sent, EnvelopeRow.raw.is_not(None))
            found |= {row.envelope_id: row.raw for row in await self._session.execute(alone)}
            inside = select(EnvelopeRow.batch_id).where(*is_sent)
            batches = select(BatchRow.envelope_id, BatchRow.raw).where(BatchRow.envelope_id.in_(inside))
            found |= {row.envelope_id: row.raw for row in await self._session.execute(batches) if row.raw}
        return list(found.values())
