"""What a status shows: what waits for each peer, what was last seen of it, and the log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.journal import edge_of
from bp_exchange.adapters.queue import IS_OWED
from bp_exchange.adapters.tables import DeliveryRow, NodeRow, PeerRow, QueueRow
from bp_exchange.protocol.merkle import Edge
from bp_exchange.usecases.records import LinkNumbers


async def link_numbers(session: AsyncSession, peer: str) -> LinkNumbers:
    """Returns what is owed to a peer and what was last seen of it."""
    waiting = await session.execute(
        select(QueueRow.urgency, func.count(), func.min(QueueRow.queue_time))
        .where(QueueRow.peer == peer, QueueRow.set_aside == "")
        .group_by(QueueRow.urgency)
    )
    rows = waiting.all()
    aside = select(func.count()).select_from(QueueRow).where(QueueRow.peer == peer, QueueRow.set_aside != "")
    seen = await session.get(PeerRow, peer)
    return LinkNumbers(
        waiting={row[0]: row[1] for row in rows},
        set_aside=await session.scalar(aside) or 0,
        oldest=min((row[2] for row in rows), default=None),
        last_contact=seen.last_contact_time if seen else None,
        drift_millis=seen.drift_millis if seen else 0,
    )


async def log_edge(session: AsyncSession, node_id: str) -> Edge:
    """Returns the right edge of the node's log."""
    row = await session.get(NodeRow, node_id)
    return edge_of(row) if row else Edge()


async def has_expired(session: AsyncSession, now: datetime) -> bool:
    """Tells whether anything that waits has expired."""
    queued = select(QueueRow.position).where(QueueRow.expire_time <= now, IS_OWED).limit(1)
    waiting = select(DeliveryRow.position).where(DeliveryRow.expire_time <= now).limit(1)
    return await session.scalar(queued) is not None or await session.scalar(waiting) is not None
