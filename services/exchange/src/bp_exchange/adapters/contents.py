"""What is kept of the messages of version 2 envelopes, in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import envelope_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import BatchRow, EnvelopeRow, NodeRow, RungRow
from bp_exchange.usecases.records import Role

_ENVELOPE: Table = EnvelopeRow.__table__  # type: ignore[assignment] # it is a table
_IS_IT = _ENVELOPE.c.envelope_id == bindparam("at_envelope")
_SEAL = (
    update(_ENVELOPE)
    .where(_IS_IT)
    .values(
        batch_id=bindparam("in_batch"),
        batch_index=bindparam("at_index"),
        digest=bindparam("leaf"),
        inside=bindparam("kept"),
    )
)
_ERASE = update(_ENVELOPE).where(_IS_IT).values(raw=None, inside=bindparam("kept"), erased=True)

_OVERTAKEN = (
    select(BatchRow.envelope_id, BatchRow.sequence)
    .join(EnvelopeRow, EnvelopeRow.batch_id == BatchRow.envelope_id)
    .join(RungRow, RungRow.envelope_id == EnvelopeRow.envelope_id)
    .join(NodeRow, NodeRow.incarnation == BatchRow.incarnation)
    .where(EnvelopeRow.role == Role.SENT, RungRow.state < topics_pb2.DELIVERY_STATE_ACCEPTED)
    .distinct()
)


class SqlContents:
    """Contents within a transaction.

    Args:
        session: The transaction.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, ids: Collection[str]) -> dict[str, envelope_pb2.KeptMessage]:
        """Returns what is kept of messages of version 2, by id."""
        if not ids:
            return {}
        kept = select(EnvelopeRow.envelope_id, EnvelopeRow.inside).where(EnvelopeRow.envelope_id.in_(ids))
        rows = await self._session.execute(kept)
        return {row.envelope_id: envelope_pb2.KeptMessage.FromString(row.inside) for row in rows if row.inside}

    async def seal(self, batch_id: str, sealed: Sequence[tuple[str, bytes, envelope_pb2.KeptMessage]]) -> None:
        """Notes in which envelope messages travel: each (message id, leaf, what is kept of it), in their order there."""
        rows = [
            {
                "at_envelope": message_id,
                "in_batch": batch_id,
                "at_index": at,
                "leaf": leaf,
                "kept": kept.SerializeToString(deterministic=True),
            }
            for at, (message_id, leaf, kept) in enumerate(sealed)
        ]
        await (await self._session.connection()).execute(_SEAL, rows)

    async def erase(self, ids: Collection[str]) -> None:
        """Destroys the content of messages; their ids and digests stay."""
        kept = await self.of(ids)
        for one in kept.values():
            one.ClearField("content")
            one.ClearField("content_salt")
        rows = [
            {"at_envelope": at, "kept": kept[at].SerializeToString(deterministic=True) if at in kept else None}
            for at in ids
        ]
        if rows:
            await (await self._session.connection()).execute(_ERASE, rows)

    async def is_alone(self, thread: str) -> bool:
        """Tells whether an envelope of version 1 that this node sent in a thread may be under way."""
        found = await self._session.scalar(
            select(EnvelopeRow.envelope_id)
            .join(RungRow, RungRow.envelope_id == EnvelopeRow.envelope_id)
            .where(EnvelopeRow.thread == thread, EnvelopeRow.role == Role.SENT, EnvelopeRow.raw.is_not(None))
            .where(RungRow.state < topics_pb2.DELIVERY_STATE_ACCEPTED)
            .limit(1)
        )
        return found is not None

    async def overtaken(self, threads: Collection[str], urgency: int) -> list[int]:
        """Returns the sequences of less urgent envelopes of this incarnation that may be under way and must not be overtaken.

        They have messages of these threads, or of other threads of such an envelope, which is hurried with all that is in it.
        """
        found: dict[str, int] = {}
        known: set[str] = set()
        fresh = set(threads) - {""}
        while fresh:
            known |= fresh
            rows = await self._session.execute(
                _OVERTAKEN.where(EnvelopeRow.thread.in_(fresh), BatchRow.urgency > urgency)
            )
            new = {row.envelope_id: row.sequence for row in rows if row.envelope_id not in found}
            found |= new
            beside = select(EnvelopeRow.thread).where(EnvelopeRow.batch_id.in_(new), EnvelopeRow.role == Role.SENT)
            fresh = set(await self._session.scalars(beside.distinct())) - known - {""} if new else set()
        return sorted(found.values())
