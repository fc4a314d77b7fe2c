"""What a proof is made of, read from the database: a few ranges of leaves and of kept roots, whatever the length of the log."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import envelope_pb2, log_pb2
from bp_exchange.adapters.journal import edge_of
from bp_exchange.adapters.tables import BatchRow, EnvelopeRow, LogRow, NodeRow, ReceiptRow, RungRow, SubtreeRow
from bp_exchange.adapters.witnessing import SqlWitness
from bp_exchange.protocol.merkle import Edge, root_of
from bp_exchange.protocol.proofs import KEPT_LEVELS, Plan, Subtree
from bp_exchange.usecases.proving import Batched, Held
from bp_verify.merkle import fold, leaf_hash

_BLOCK = 1 << KEPT_LEVELS
_REMEMBERED = 16
_NO_BATCH = "-"


class SqlLogTree:
    """The log's tree.

    Args:
        session: The transaction; leaves that are added meanwhile change nothing of what is asked.

    Attributes:
        rows: How many leaves and roots were read so far.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._blocks: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()
        self.rows = 0

    async def hashes(self, plan: Plan) -> list[bytes]:
        """Returns the hashes that a plan names."""
        return [fold([await self._root(subtree) for subtree in step]) for step in plan]

    async def _root(self, subtree: Subtree) -> bytes:
        below = subtree.level - subtree.level % KEPT_LEVELS
        width = 1 << (subtree.level - below)
        begin = subtree.index * width
        block = await self._block(below, begin // _BLOCK)
        return root_of(block[begin % _BLOCK : begin % _BLOCK + width])

    async def _block(self, level: int, number: int) -> list[bytes]:
        """Returns up to 256 neighbours: leaf hashes at level 0, kept roots above."""
        at = (level, number)
        if at not in self._blocks:
            self._blocks[at] = await self._read(level, number * _BLOCK)
            self.rows += len(self._blocks[at])
            if len(self._blocks) > _REMEMBERED:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(at)
        return self._blocks[at]

    async def _read(self, level: int, begin: int) -> list[bytes]:
        if level:
            kept = select(SubtreeRow.root).where(
                SubtreeRow.level == level, SubtreeRow.position >= begin, SubtreeRow.position < begin + _BLOCK
            )
            return list(await self._session.scalars(kept.order_by(SubtreeRow.position)))
        leaves = select(LogRow.entry).where(LogRow.position >= begin, LogRow.position < begin + _BLOCK)
        return [leaf_hash(entry) for entry in await self._session.scalars(leaves.order_by(LogRow.position))]


class SqlEvidence:
    """What is known of one message.

    Args:
        session: The transaction.
        node_id: This node.
    """

    def __init__(self, session: AsyncSession, node_id: str) -> None:
        self._session = session
        self._node_id = node_id
        self.tree = SqlLogTree(session)

    async def held(self, envelope_id: str) -> Held | None:
        """Returns the envelope's record, or None where this node knows no such message."""
        # The same work whether there is something or not: who may not see it cannot tell by the time that it took.
        row = await self._session.get(EnvelopeRow, envelope_id)
        rungs = await self._session.scalars(select(RungRow.recipient).where(RungRow.envelope_id == envelope_id))
        batch_id = (row.batch_id if row else "") or _NO_BATCH
        batch = await self._session.get(BatchRow, batch_id)
        digests = select(EnvelopeRow.digest).where(EnvelopeRow.batch_id == batch_id)
        leaves = await self._session.scalars(digests.order_by(EnvelopeRow.batch_index))
        if row is None:
            return None
        batched = _batched(row, batch, tuple(leaves)) if batch is not None and row.inside is not None else None
        return Held(envelope_id, row.raw or b"", tuple(rungs), batched)

    async def head(self) -> tuple[str, Edge]:
        """Returns the log's incarnation and edge."""
        row = await self._session.get(NodeRow, self._node_id)
        return (row.incarnation, edge_of(row)) if row else ("", Edge())

    async def entries(self, envelope_id: str, size: int) -> Sequence[tuple[int, bytes]]:
        """Returns the log's first `size` leaves about an envelope, each with its position, oldest first."""
        about = select(LogRow.position, LogRow.entry).where(LogRow.envelope_id == envelope_id, LogRow.position < size)
        rows = await self._session.execute(about.order_by(LogRow.position))
        return [(row.position, row.entry) for row in rows]

    async def cosigned(self, position: int) -> list[tuple[log_pb2.SignedTreeHead, log_pb2.Cosignature]]:
        """Returns of each witness the earliest head in which a leaf stands, and the newest; the smallest first."""
        kept = SqlWitness(self._session)
        found = {one.signature: (head, one) for head, one in [*await kept.covering(position), *await kept.own()]}
        return sorted(found.values(), key=lambda one: log_pb2.TreeHead.FromString(one[0].head).size)

    async def lists(self, batch_id: str) -> list[envelope_pb2.SignedReceipts]:
        """Returns the lists of receipts about an envelope of version 2."""
        about = select(ReceiptRow.raw).where(ReceiptRow.envelope_id == batch_id)
        raw = await self._session.scalars(about.order_by(ReceiptRow.accept_time, ReceiptRow.receipt_id))
        return [envelope_pb2.SignedReceipts.FromString(one) for one in raw]

    async def receipts(self, envelope_id: str) -> list[envelope_pb2.SignedReceipt]:
        """Returns the receipts about an envelope."""
        raw = await self._session.scalars(select(ReceiptRow.raw).where(ReceiptRow.envelope_id == envelope_id))
        return [envelope_pb2.SignedReceipt.FromString(one) for one in raw]


def _batched(row: EnvelopeRow, batch: BatchRow, leaves: tuple[bytes, ...]) -> Batched:
    return Batched(
        batch_id=batch.envelope_id,
        position=row.batch_index,
        seals=envelope_pb2.KeptSeals.FromString(batch.seals),
        kept=envelope_pb2.KeptMessage.FromString(row.inside or b""),
        leaves=leaves,
    )
