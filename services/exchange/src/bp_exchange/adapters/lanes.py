"""The lanes to peers as their keeper sees them: what waits in numbers, what was set aside, and how fast a peer took what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.leases import link_to, pod_with
from bp_exchange.adapters.plans import plan_of, spent_on
from bp_exchange.adapters.queue import BY_HAND
from bp_exchange.adapters.refused import Refusals, refusals_of
from bp_exchange.adapters.tables import PaceRow, PeerRow, QueueRow, WantedFileRow
from bp_exchange.adapters.writing import add_new
from bp_exchange.protocol.allowance import Spent
from bp_exchange.protocol.plan import Plan
from bp_exchange.usecases.records import AsideItem
from bp_kit.ports import Clock


@dataclass(frozen=True)
class LaneNumbers:
    """The lane to and from one peer, in numbers.

    Attributes:
        waiting: (urgency, count, bytes), the most urgent first.
        oldest: When the oldest of it was queued.
        next_item: What is sent next, by id; empty when nothing waits.
        set_aside: How many items were.
        pace: (bytes a second, when), if that was ever seen.
        last_contact: When the peer was last greeted.
        drift_millis: Its clock less ours then.
        files: (urgency, count, bytes) that are awaited, the most urgent first.
        files_aside: How many files were set aside.
        owes: (urgency, count, bytes) that the peer said it owes; None where it did not say.
        owes_time: When it said so.
        plan: What is allowed on the link.
        spent: What passed today.
        pod: Which of the node's processes has the link; None when none has, or all is one process.
        refusals: What of the peer was refused.
    """

    waiting: list[tuple[int, int, int]]
    oldest: datetime | None
    next_item: str
    set_aside: int
    pace: tuple[int, datetime] | None
    last_contact: datetime | None
    drift_millis: int
    files: list[tuple[int, int, int]]
    files_aside: int
    owes: list[tuple[int, int, int]] | None
    owes_time: datetime | None
    plan: Plan
    spent: Spent
    pod: str | None
    refusals: list[Refusals]


async def lane_numbers(session: AsyncSession, peer: str) -> LaneNumbers:
    """Returns the numbers of the lane to and from a peer."""
    oldest = select(func.min(QueueRow.queue_time)).where(QueueRow.peer == peer, QueueRow.set_aside == "")
    following = (
        select(QueueRow.item_id)
        .where(QueueRow.peer == peer, QueueRow.set_aside == "")
        .order_by(QueueRow.urgency, QueueRow.position)
        .limit(1)
    )
    aside = select(func.count()).select_from(QueueRow).where(QueueRow.peer == peer, QueueRow.set_aside != "")
    pace, seen = await session.get(PaceRow, peer), await session.get(PeerRow, peer)
    files_aside = (
        select(func.count()).select_from(WantedFileRow).where(WantedFileRow.peer == peer, WantedFileRow.set_aside != "")
    )
    return LaneNumbers(
        waiting=await waiting_for(session, peer),
        oldest=await session.scalar(oldest),
        next_item=await session.scalar(following) or "",
        set_aside=await session.scalar(aside) or 0,
        pace=(pace.bytes_per_second, pace.measure_time) if pace else None,
        last_contact=seen.last_contact_time if seen else None,
        drift_millis=seen.drift_millis if seen else 0,
        files=await _files(session, peer),
        files_aside=await session.scalar(files_aside) or 0,
        owes=[(one[0], one[1], one[2]) for one in seen.owes] if seen and seen.owes is not None else None,
        owes_time=seen.owes_time if seen else None,
        plan=(await plan_of(session, peer))[0],
        spent=await spent_on(session, peer),
        pod=await pod_with(session, link_to(peer)),
        refusals=await refusals_of(session, peer),
    )


async def waiting_for(session: AsyncSession, peer: str) -> list[tuple[int, int, int]]:
    """Returns (urgency, count, bytes) of what waits for a peer, the most urgent first."""
    rows = await session.execute(
        select(QueueRow.urgency, func.count(), func.sum(QueueRow.size))
        .where(QueueRow.peer == peer, QueueRow.set_aside == "")
        .group_by(QueueRow.urgency)
        .order_by(QueueRow.urgency)
    )
    return [(row[0], row[1], int(row[2])) for row in rows]


async def _files(session: AsyncSession, peer: str) -> list[tuple[int, int, int]]:
    rows = await session.execute(
        select(WantedFileRow.urgency, func.count(), func.sum(WantedFileRow.size))
        .where(WantedFileRow.peer == peer, WantedFileRow.set_aside == "")
        .group_by(WantedFileRow.urgency)
        .order_by(WantedFileRow.urgency)
    )
    return [(row[0], row[1], int(row[2])) for row in rows]


async def keep_pace(session: AsyncSession, peer: str, rate: int, now: datetime) -> None:
    """Keeps how fast a peer took what was sent, in bytes a second."""
    values = {"bytes_per_second": rate, "measure_time": now}
    await add_new(session, PaceRow, [{"peer": peer, **values}])
    await session.execute(update(PaceRow).where(PaceRow.peer == peer).values(**values))


async def pace_of(session: AsyncSession, peer: str) -> int | None:
    """Returns how fast a peer took what was sent last, in bytes a second; None when that was never seen."""
    return await session.scalar(select(PaceRow.bytes_per_second).where(PaceRow.peer == peer))


async def keep_seen(session: AsyncSession, peer: str, now: datetime) -> None:
    """Keeps when a peer that is known was last heard."""
    await session.execute(update(PeerRow).where(PeerRow.peer == peer).values(last_contact_time=now))


async def keep_owes(session: AsyncSession, peer: str, owes: Sequence[tuple[int, int, int]], now: datetime) -> None:
    """Keeps what a peer that is known says it owes."""
    values = {"owes": [list(one) for one in owes], "owes_time": now}
    await session.execute(update(PeerRow).where(PeerRow.peer == peer).values(**values))


async def refusable(session: AsyncSession, peer: str, attempts: Mapping[str, int]) -> dict[str, int]:
    """Returns where items stand in a peer's queue, by id; without those that are owed no longer, or were put back since that attempt."""
    positions = await positions_of(session, peer, list(attempts))
    found = await session.execute(
        select(QueueRow.item_id, QueueRow.attempt).where(QueueRow.position.in_(positions.values()))
    )
    return {row.item_id: positions[row.item_id] for row in found if row.attempt == attempts[row.item_id]}


async def positions_of(session: AsyncSession, peer: str, item_ids: list[str]) -> dict[str, int]:
    """Returns where items stand in a peer's queue, by id; those that are owed no longer are left out."""
    if not item_ids:
        return {}
    found = await session.execute(
        select(QueueRow.item_id, QueueRow.position).where(QueueRow.peer == peer, QueueRow.item_id.in_(item_ids))
    )
    return {row.item_id: row.position for row in found}


class SqlLanes:
    """What was set aside, within a transaction.

    Args:
        session: The transaction.
        clock: The time now.
    """

    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def set_aside(self, peer: str, item_id: str, reason: str) -> AsideItem | None:
        """Sets aside by hand what waits; None when it does not wait."""
        row = await self._session.scalar(
            select(QueueRow).where(QueueRow.peer == peer, QueueRow.item_id == item_id, QueueRow.set_aside == "")
        )
        if row is None:
            return None
        row.set_aside, row.set_aside_time, row.reason = BY_HAND, self._clock(), reason
        await self._session.flush()
        return aside_item(row)

    async def put_back(self, peer: str, item_id: str) -> list[AsideItem]:
        """Puts back into a peer's lane what was set aside, or one of it; returns what it was."""
        wanted = select(QueueRow).where(QueueRow.peer == peer, QueueRow.set_aside != "")
        if item_id:
            wanted = wanted.where(QueueRow.item_id == item_id)
        rows = (await self._session.scalars(wanted)).all()
        items = [aside_item(row) for row in rows]
        for row in rows:
            row.set_aside, row.set_aside_time, row.reason = "", None, ""
            row.attempt += 1
        await self._session.flush()
        return items

    async def want_again(self, peer: str) -> int:
        """Asks again for a peer's files that were set aside; returns how many."""
        found = await self._session.execute(
            update(WantedFileRow)
            .where(WantedFileRow.peer == peer, WantedFileRow.set_aside != "")
            .values(set_aside="")
            .returning(WantedFileRow.position)
        )
        return len(found.all())


def aside_item(row: QueueRow) -> AsideItem:
    """Returns a queue's row as an item that was set aside."""
    return AsideItem(
        peer=row.peer,
        item_id=row.item_id,
        receipt=row.body is not None,
        urgency=row.urgency,
        size=row.size,
        queue_time=row.queue_time,
        aside_time=row.set_aside_time,
        ground=row.set_aside,
        reason=row.reason,
    )


def list_aside(peer: str) -> Select[QueueRow]:
    """Returns the statement of what was set aside, of one peer or of all."""
    statement = select(QueueRow).where(QueueRow.set_aside != "")
    return statement.where(QueueRow.peer == peer) if peer else statement
