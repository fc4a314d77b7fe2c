"""Envelopes, their ladders and their receipts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import ColumnElement, Table, bindparam, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import envelope_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import EnvelopeRow, QueueRow, ReceiptRow, RungRow
from bp_exchange.adapters.writing import add_new, insert_new
from bp_exchange.usecases.records import EnvelopeRecord, Role, Rung
from bp_kit.ports import Clock

_KNOWN = (
    EnvelopeRow.envelope_id,
    EnvelopeRow.role,
    EnvelopeRow.digest,
    EnvelopeRow.message_digest,
    EnvelopeRow.sender_node,
    EnvelopeRow.topic,
    EnvelopeRow.receipts,
    EnvelopeRow.accept_time,
    EnvelopeRow.batch_id,
    EnvelopeRow.batch_index,
    EnvelopeRow.thread,
)

_RUNG: Table = RungRow.__table__  # type: ignore[assignment] # it is a table
_SET_RUNG = (
    update(_RUNG)
    .where(_RUNG.c.envelope_id == bindparam("at_envelope"), _RUNG.c.recipient == bindparam("at_recipient"))
    .values(state=bindparam("state"), state_time=bindparam("state_time"), ground=bindparam("ground"))
)


class SqlEnvelopes:
    """Envelopes in the database.

    Args:
        session: The transaction.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, ids: Collection[str]) -> dict[str, EnvelopeRecord]:
        """Returns the known ones among the ids; without their bytes."""
        if not ids:
            return {}
        return {record.envelope_id: record for record in await self._records(EnvelopeRow.envelope_id.in_(ids))}

    async def of_batches(self, batch_ids: Collection[str]) -> list[EnvelopeRecord]:
        """Returns the messages of envelopes of version 2, in their order there; without their bytes."""
        return await self._records(EnvelopeRow.batch_id.in_(batch_ids)) if batch_ids else []

    async def _records(self, where: ColumnElement[bool]) -> list[EnvelopeRecord]:
        ordered = select(*_KNOWN).where(where).order_by(EnvelopeRow.batch_id, EnvelopeRow.batch_index)
        return [
            EnvelopeRecord(**{**row._mapping, "role": Role(row.role), "raw": None})  # noqa: SLF001 - its public way to a dict
            for row in await self._session.execute(ordered)
        ]

    async def add(self, records: Sequence[EnvelopeRecord]) -> set[str]:
        """Adds envelopes; returns the ids that were new."""
        if not records:
            return set()
        statement = insert_new(self._session, EnvelopeRow).returning(EnvelopeRow.envelope_id)
        added = await self._session.execute(statement, [asdict(record) for record in records])
        return set(added.scalars())

    async def bytes_of(self, envelope_id: str) -> bytes | None:
        """Returns an envelope as it travels, if its bytes are still here."""
        found: bytes | None = await self._session.scalar(
            select(EnvelopeRow.raw).where(EnvelopeRow.envelope_id == envelope_id)
        )
        return found

    async def forget_bytes(self, ids: Collection[str]) -> None:
        """Drops the bytes of relayed envelopes that are owed to nobody any more."""
        if ids:
            await self._session.execute(
                update(EnvelopeRow)
                .where(EnvelopeRow.envelope_id.in_(ids), EnvelopeRow.role == Role.RELAYED)
                .where(~exists().where(QueueRow.item_id == EnvelopeRow.envelope_id))
                .values(raw=None)
                .execution_options(synchronize_session=False)
            )


class SqlLadder:
    """Rungs in the database.

    Args:
        session: The transaction.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, rungs: Sequence[Rung]) -> None:
        """Adds the first rungs of an envelope."""
        await add_new(self._session, RungRow, [asdict(rung) for rung in rungs])

    async def of(self, envelope_ids: Collection[str]) -> dict[tuple[str, str], Rung]:
        """Returns envelopes' rungs by (envelope, recipient)."""
        if not envelope_ids:
            return {}
        rows = await self._session.execute(select(_RUNG).where(RungRow.envelope_id.in_(envelope_ids)))
        return {(row.envelope_id, row.recipient): Rung(**row._mapping) for row in rows}  # noqa: SLF001 - as above

    async def queued_for(self, nodes: Collection[str], recipients: Collection[str], limit: int) -> list[Rung]:
        """Returns rungs at QUEUED of envelopes that still wait in a queue here, at these nodes or these recipients."""
        if not nodes and not recipients:
            return []
        is_it = or_(QueueRow.item_id == EnvelopeRow.envelope_id, QueueRow.item_id == EnvelopeRow.batch_id)
        waits = exists().where(EnvelopeRow.envelope_id == RungRow.envelope_id, is_it)
        for_them = or_(RungRow.node_id.in_(nodes), RungRow.recipient.in_(recipients))
        is_queued = RungRow.state == topics_pb2.DELIVERY_STATE_QUEUED
        rows = await self._session.execute(select(_RUNG).where(is_queued, for_them, waits).limit(limit))
        return [Rung(**row._mapping) for row in rows]  # noqa: SLF001 - as above

    async def set(self, rungs: Sequence[Rung]) -> None:
        """Replaces rungs."""
        if rungs:
            await (await self._session.connection()).execute(
                _SET_RUNG,
                [{"at_envelope": rung.envelope_id, "at_recipient": rung.recipient} | _reached(rung) for rung in rungs],
            )


def _reached(rung: Rung) -> dict[str, object]:
    return {"state": rung.state, "state_time": rung.state_time, "ground": rung.ground}


class SqlReceipts:
    """Receipts in the database.

    Args:
        session: The transaction.
        clock: The time now.
    """

    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def add(self, receipts: Sequence[tuple[str, envelope_pb2.SignedReceipt]]) -> None:
        """Keeps receipts, each with its envelope's id."""
        now = self._clock()
        rows = [
            {
                "receipt_id": signed.receipt_id,
                "envelope_id": envelope_id,
                "raw": signed.SerializeToString(deterministic=True),
                "accept_time": now,
            }
            for envelope_id, signed in receipts
        ]
        await add_new(self._session, ReceiptRow, rows)

    async def known(self, ids: Collection[str]) -> set[str]:
        """Returns which of the receipt ids are known."""
        if not ids:
            return set()
        rows = await self._session.scalars(select(ReceiptRow.receipt_id).where(ReceiptRow.receipt_id.in_(ids)))
        return set(rows)

    async def of(self, envelope_ids: Collection[str]) -> list[envelope_pb2.SignedReceipt]:
        """Returns the receipts of envelopes."""
        return [envelope_pb2.SignedReceipt.FromString(raw) for raw in await self._raw(envelope_ids)]

    async def add_lists(self, lists: Sequence[tuple[str, str, bytes]]) -> None:
        """Keeps lists of receipts (SignedReceipts, in clear), each with its id and that of an envelope that it speaks of."""
        now = self._clock()
        rows = [
            {"receipt_id": list_id, "envelope_id": batch_id, "raw": raw, "accept_time": now}
            for list_id, batch_id, raw in lists
        ]
        await add_new(self._session, ReceiptRow, rows)

    async def lists_of(self, batch_ids: Collection[str]) -> list[envelope_pb2.SignedReceipts]:
        """Returns the lists of receipts that speak of envelopes of version 2."""
        return [envelope_pb2.SignedReceipts.FromString(raw) for raw in await self._raw(batch_ids)]

    async def _raw(self, envelope_ids: Collection[str]) -> Sequence[bytes]:
        if not envelope_ids:
            return []
        about = select(ReceiptRow.raw).where(ReceiptRow.envelope_id.in_(envelope_ids))
        return (await self._session.scalars(about.order_by(ReceiptRow.accept_time, ReceiptRow.receipt_id))).all()
