"""This node's counters and its log, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import log_pb2
from bp_exchange.adapters.tables import LogRow, NodeRow, SubtreeRow
from bp_exchange.adapters.writing import add_new
from bp_exchange.protocol.merkle import Edge
from bp_exchange.protocol.proofs import KEPT_LEVELS
from bp_kit.ports import Ids
from bp_verify.merkle import leaf_hash

_HASH_BYTES = 32


class SqlJournal:
    """The node's row within a transaction; `hold` gives it.

    Args:
        session: The transaction.
        row: The node's row.
    """

    def __init__(self, session: AsyncSession, row: NodeRow) -> None:
        self._session = session
        self._row = row

    @classmethod
    async def hold(cls, session: AsyncSession, node_id: str, ids: Ids) -> SqlJournal:
        """Locks the node's row until the transaction ends, so that whoever writes writes alone and none waits for another in a ring."""
        held = select(NodeRow).where(NodeRow.node_id == node_id).with_for_update()
        row = await session.scalar(held)
        if row is None:
            first = {"node_id": node_id, "incarnation": ids(), "sequence": 0, "log_size": 0, "log_edge": b""}
            await add_new(session, NodeRow, [first])
            row = (await session.scalars(held)).one()
        return cls(session, row)

    @property
    def incarnation(self) -> str:
        """The node's incarnation."""
        return self._row.incarnation

    async def next_sequence(self) -> tuple[str, int]:
        """Returns the incarnation, and one more than the last sequence."""
        self._row.sequence += 1
        return self._row.incarnation, self._row.sequence

    async def append(self, entries: Sequence[log_pb2.LogEntry]) -> None:
        """Adds leaves to the log."""
        if not entries:
            return
        edge = edge_of(self._row)
        raw = [entry.SerializeToString(deterministic=True) for entry in entries]
        rows = [
            {"position": edge.size + at, "entry": one, "envelope_id": entry.envelope_id}
            for at, (one, entry) in enumerate(zip(raw, entries, strict=True))
        ]
        await self._session.execute(insert(LogRow), rows)
        grown = []
        for one in raw:
            leaf = leaf_hash(one)
            grown += kept_subtrees(edge, leaf)
            edge = edge.append(leaf)
        await add_new(self._session, SubtreeRow, grown)
        self._row.log_size, self._row.log_edge = edge.size, b"".join(edge.roots)


def kept_subtrees(edge: Edge, leaf: bytes) -> list[dict[str, Any]]:
    """Returns the rows of those subtrees that one more leaf completes, and whose roots are kept."""
    roots = list(enumerate(edge.completed(leaf)))[KEPT_LEVELS::KEPT_LEVELS]
    return [{"level": level, "position": edge.size >> level, "root": root} for level, root in roots]


def edge_of(row: NodeRow) -> Edge:
    """Returns the log's edge as the node's row keeps it."""
    size, roots = row.log_size, row.log_edge
    return Edge(size, tuple(roots[at : at + _HASH_BYTES] for at in range(0, len(roots), _HASH_BYTES)))
