"""Envelopes of version 2, in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.tables import BatchRow, EnvelopeRow, QueueRow
from bp_exchange.adapters.writing import insert_new
from bp_exchange.usecases.records import BatchRecord, Role

_ALL = BatchRow.__table__.c
_KNOWN = tuple(column for column in _ALL if column.name != "raw")


class SqlBatches:
    """Envelopes of version 2 within a transaction.

    Args:
        session: The transaction.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, ids: Collection[str]) -> dict[str, BatchRecord]:
        """Returns the known ones among the ids; without their bytes."""
        if not ids:
            return {}
        rows = await self._session.execute(select(*_KNOWN).where(BatchRow.envelope_id.in_(ids)))
        return {row.envelope_id: _record({**row._mapping, "raw": None}) for row in rows}  # noqa: SLF001 - its public way to a dict

    async def add(self, records: Sequence[BatchRecord]) -> set[str]:
        """Adds envelopes; returns the ids that were new."""
        if not records:
            return set()
        statement = insert_new(self._session, BatchRow).returning(BatchRow.envelope_id)
        added = await self._session.execute(statement, [asdict(record) for record in records])
        return set(added.scalars())

    async def awaiting(self, sender_node: str, epoch: str) -> list[BatchRecord]:
        """Returns the envelopes that wait for the key of an epoch, with their bytes."""
        waiting = select(*_ALL).where(BatchRow.sender_node == sender_node, BatchRow.awaited == epoch)
        rows = await self._session.execute(waiting.order_by(BatchRow.sequence))
        return [_record(dict(row._mapping)) for row in rows]  # noqa: SLF001 - as above

    async def bytes_of(self, envelope_id: str) -> bytes | None:
        """Returns an envelope as it travels, if its bytes are still here."""
        found: bytes | None = await self._session.scalar(
            select(BatchRow.raw).where(BatchRow.envelope_id == envelope_id)
        )
        return found

    async def opened(self, envelope_id: str, seals: bytes) -> None:
        """Notes that an envelope waits no longer, and what is kept of it."""
        await self._session.execute(
            update(BatchRow).where(BatchRow.envelope_id == envelope_id).values(awaited="", seals=seals)
        )

    async def forget_bytes(self, ids: Collection[str]) -> None:
        """Drops the bytes of envelopes that are owed to nobody: of those that are relayed or opened, and where a message was erased."""
        if not ids:
            return
        erased = exists().where(EnvelopeRow.batch_id == BatchRow.envelope_id, EnvelopeRow.erased)
        needless = or_(
            BatchRow.role == Role.RELAYED,
            and_(BatchRow.role == Role.RECEIVED, BatchRow.awaited == ""),
            and_(BatchRow.role == Role.SENT, erased),
        )
        await self._session.execute(
            update(BatchRow)
            .where(BatchRow.envelope_id.in_(ids), needless)
            .where(~exists().where(QueueRow.item_id == BatchRow.envelope_id))
            .values(raw=None)
            .execution_options(synchronize_session=False)
        )


def _record(values: dict[str, object]) -> BatchRecord:
    return BatchRecord(**{**values, "role": Role(str(values["role"]))})  # type: ignore[arg-type] # the columns are its fields
