"""Where a message that this node sent stands on its way to each recipient: its rung, and the lane that it waits in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.tables import EnvelopeRow, PeerRow, QueueRow, RungRow
from bp_exchange.protocol.register import Directory
from bp_exchange.usecases.records import Role


@dataclass(frozen=True)
class Place:
    """A message's place in the lane to a peer.

    Attributes:
        before: How many items go before it.
        set_aside: Why it was set aside; empty while it waits.
    """

    before: int
    set_aside: str


@dataclass(frozen=True)
class Standing:
    """Where a message stands on its way to one recipient.

    Attributes:
        rung: How far it got, as far as is known here.
        peer: The next node on the way; empty where the recipient is at this node.
        place: Where it waits for that peer; None where it does not.
        last_contact: When that peer was last greeted; None where it never was.
        revoked: The recipient's node, or its unit, is no longer trusted.
    """

    rung: RungRow
    peer: str
    place: Place | None
    last_contact: datetime | None
    revoked: bool


async def standings_of(session: AsyncSession, directory: Directory, own: str, message_id: str) -> list[Standing]:
    """Returns where a message stands, by recipient; nothing where this node did not send it."""
    envelope = await session.get(EnvelopeRow, message_id)
    if envelope is None or envelope.role != Role.SENT:
        return []
    rungs = await session.scalars(select(RungRow).where(RungRow.envelope_id == message_id).order_by(RungRow.recipient))
    # What is sealed together waits under the id of its envelope.
    items = [message_id, *((envelope.batch_id,) if envelope.batch_id else ())]
    found = []
    for rung in rungs:
        peer = "" if rung.node_id == own else directory.next_hop(own, rung.node_id)
        seen = await session.get(PeerRow, peer) if peer else None
        found.append(
            Standing(
                rung=rung,
                peer=peer,
                place=await _place(session, peer, items) if peer else None,
                last_contact=seen.last_contact_time if seen else None,
                revoked=directory.trusted(rung.node_id) is None or rung.recipient in directory.revoked_units,
            )
        )
    return found


async def _place(session: AsyncSession, peer: str, items: list[str]) -> Place | None:
    row = await session.scalar(select(QueueRow).where(QueueRow.peer == peer, QueueRow.item_id.in_(items)).limit(1))
    if row is None:
        return None
    earlier = or_(
        QueueRow.urgency < row.urgency, and_(QueueRow.urgency == row.urgency, QueueRow.position < row.position)
    )
    waiting = select(func.count()).select_from(QueueRow)
    before = await session.scalar(waiting.where(QueueRow.peer == peer, QueueRow.set_aside == "", earlier))
    return Place(before or 0, row.set_aside)
