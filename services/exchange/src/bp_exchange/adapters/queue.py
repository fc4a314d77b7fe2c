"""What is owed to peers, in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, literal, select, tuple_, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2
from bp_exchange.adapters.tables import BatchRow, EnvelopeRow, QueueRow
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.writing import add_new
from bp_exchange.usecases.records import QueueItem
from bp_exchange.usecases.stating import RECEIPTS
from bp_kit.database import Database
from bp_kit.ports import Clock

_ITEM = (
    QueueRow.position,
    QueueRow.peer,
    QueueRow.urgency,
    QueueRow.item_id,
    QueueRow.body,
    QueueRow.size,
    QueueRow.thread,
    QueueRow.expire_time,
    QueueRow.draft,
    QueueRow.framed,
    QueueRow.attempt,
)

BY_HAND = "BY_HAND"
# What a person set aside is owed nevertheless; what its peer refused is not.
IS_OWED = QueueRow.set_aside.in_(("", BY_HAND))

# A list of this node's own receipts that is signed and was not acknowledged.
IS_LIST = and_(QueueRow.framed, QueueRow.thread == RECEIPTS, QueueRow.set_aside == "")

_QUEUE: Table = QueueRow.__table__  # type: ignore[assignment] # it is a table
_HURRY = (
    update(_QUEUE)
    .where(_QUEUE.c.peer == bindparam("at_peer"), _QUEUE.c.thread == bindparam("at_thread"))
    .where(_QUEUE.c.urgency > bindparam("least"))
    .values(urgency=bindparam("least"))
)


class SqlQueue:
    """Queues within a transaction.

    Args:
        session: The transaction.
        clock: The time now.
    """

    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def add(self, items: Sequence[QueueItem]) -> None:
        """Queues items; of each thread the earlier ones get at least the same urgency, so that order holds."""
        now = self._clock()
        rows = [{**asdict(item), "queue_time": now, "set_aside": ""} for item in items]
        for row in rows:
            del row["position"]
        await add_new(self._session, QueueRow, rows)
        hurried = [
            {"at_peer": item.peer, "at_thread": item.thread, "least": item.urgency} for item in items if item.thread
        ]
        if hurried:
            await (await self._session.connection()).execute(_HURRY, hurried)

    async def take(self, peer: str, positions: Collection[int]) -> list[QueueItem]:
        """Removes what a peer has on disk, and returns it."""
        if not positions:
            return []
        statement = delete(QueueRow).where(QueueRow.peer == peer, QueueRow.position.in_(positions)).returning(*_ITEM)
        return await self._items(statement)

    async def set_aside(self, peer: str, grounds: Mapping[int, str]) -> list[QueueItem]:
        """Keeps what a peer will never take out of its way, and returns it."""
        items: list[QueueItem] = []
        now = self._clock()
        for position, ground in grounds.items():
            items += await self._items(
                update(QueueRow)
                .where(QueueRow.peer == peer, QueueRow.position == position, QueueRow.set_aside == "")
                .values(set_aside=ground, set_aside_time=now)
                .returning(*_ITEM)
            )
        return items

    async def take_expired(self, now: datetime, limit: int) -> list[QueueItem]:
        """Removes what nobody needs any more, and returns it."""
        due = select(QueueRow.position).where(QueueRow.expire_time <= now, IS_OWED).limit(limit)
        return await self._items(delete(QueueRow).where(QueueRow.position.in_(due)).returning(*_ITEM))

    async def take_all(self, peers: Collection[str], limit: int) -> list[QueueItem]:
        """Removes what is owed to peers, set aside or not, and returns it."""
        if not peers:
            return []
        due = select(QueueRow.position).where(QueueRow.peer.in_(peers)).order_by(QueueRow.position).limit(limit)
        return await self._items(delete(QueueRow).where(QueueRow.position.in_(due)).returning(*_ITEM))

    async def drop(self, item_ids: Collection[str]) -> list[QueueItem]:
        """Removes items, to whomever they are owed, and returns them."""
        if not item_ids:
            return []
        return await self._items(delete(QueueRow).where(QueueRow.item_id.in_(item_ids)).returning(*_ITEM))

    async def drafts(self, item_ids: Collection[str]) -> list[QueueItem]:
        """Returns those of the items that are not sealed yet and were not set aside, of all peers."""
        unsealed = select(*_ITEM).where(QueueRow.item_id.in_(item_ids), QueueRow.draft != "", QueueRow.set_aside == "")
        return await self._items(unsealed.order_by(QueueRow.position))

    async def drafts_of(self, thread: str) -> list[QueueItem]:
        """Returns what waits to be sealed of a thread, each message once, the oldest first."""
        unsealed = select(*_ITEM).where(QueueRow.thread == thread, QueueRow.draft != "", QueueRow.set_aside == "")
        items = await self._items(unsealed.order_by(QueueRow.position.desc()))
        return list({one.item_id: one for one in items}.values())[::-1]

    async def hurry(self, peer: str, item_ids: Collection[str], urgency: int) -> None:
        """Gives items at least an urgency, so that what follows them does not overtake them."""
        if item_ids:
            await self._session.execute(
                update(QueueRow)
                .where(QueueRow.peer == peer, QueueRow.item_id.in_(item_ids), QueueRow.urgency > urgency)
                .values(urgency=urgency)
                .execution_options(synchronize_session=False)
            )

    async def _items(self, statement: Any) -> list[QueueItem]:
        rows = await self._session.execute(statement.execution_options(synchronize_session=False))
        return [_item(row) for row in rows]


class QueueReader:
    """What a link sends next.

    Args:
        database: The exchange's.
        clock: The time now.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @unbroken
    async def next(
        self, peer: str, *, under_way: Collection[int], limit: int
    ) -> list[tuple[QueueItem, link_service_pb2.Item]]:
        """Returns what to send next, the most urgent first, then the oldest.

        Args:
            peer: To whom.
            under_way: Positions that were sent and are not acknowledged.
            limit: How many at most.
        """
        statement = (
            select(*_ITEM)
            .where(QueueRow.peer == peer, QueueRow.set_aside == "", QueueRow.draft == "")
            .order_by(QueueRow.urgency, QueueRow.position)
            .limit(limit + len(under_way))
        )
        now = self._clock()
        async with self._database.read() as session:
            items = [_item(row) for row in await session.execute(statement)]
            fresh = [one for one in items if one.position not in under_way and not _expired(one, now)][:limit]
            raw = await _raw(session, [one.item_id for one in fresh if one.body is None])
        return [(item, _framed(item, raw)) for item in fresh]

    @unbroken
    async def page(
        self, peer: str, after: tuple[int, int], limit: int
    ) -> list[tuple[QueueItem, link_service_pb2.Item]]:
        """Returns what waits behind (urgency, position) in the order of sending, whether or not it is under way somewhere."""
        statement = (
            select(*_ITEM)
            .where(QueueRow.peer == peer, QueueRow.set_aside == "", QueueRow.draft == "")
            .where(tuple_(QueueRow.urgency, QueueRow.position) > tuple_(literal(after[0]), literal(after[1])))
            .order_by(QueueRow.urgency, QueueRow.position)
            .limit(limit)
        )
        async with self._database.read() as session:
            items = [_item(row) for row in await session.execute(statement)]
            raw = await _raw(session, [one.item_id for one in items if one.body is None])
        # Acknowledged and forgotten between the two statements: owed no longer.
        return [(item, _framed(item, raw)) for item in items if item.body is not None or raw.get(item.item_id)]


async def waiting_drafts(session: AsyncSession, peer: str, now: datetime, limit: int) -> list[QueueItem]:
    """Returns what waits to be sealed for a peer, the most urgent first, then the oldest; without statements, whose bodies come with it."""
    statement = (
        select(*_ITEM)
        .where(QueueRow.peer == peer, QueueRow.set_aside == "", QueueRow.draft != "")
        .order_by(QueueRow.urgency, QueueRow.position)
        .limit(limit)
    )
    items = [_item(row) for row in await session.execute(statement)]
    return [one for one in items if not _expired(one, now)]


async def earlier_drafts(session: AsyncSession, chosen: Sequence[QueueItem]) -> list[QueueItem]:
    """Returns what has to be sealed before: earlier messages of the same conversations, in a lane of one of theirs.

    A message for several lanes is sealed by whichever has room first, and must not get into another one before what it follows there.
    """
    threads = {one.thread for one in chosen} - {""}
    if not threads:
        return []
    ids = [one.item_id for one in chosen]
    own, other = QueueRow.__table__.alias(), QueueRow.__table__.alias()
    statement = (
        select(*(other.c[column.key] for column in _ITEM))
        .join(own, and_(own.c.peer == other.c.peer, own.c.thread == other.c.thread, own.c.position > other.c.position))
        .where(own.c.item_id.in_(ids), other.c.item_id.not_in(ids), other.c.thread.in_(threads))
        .where(other.c.draft != "", other.c.set_aside == "")
        .order_by(other.c.position)
        .distinct()
    )
    items = [_item(row) for row in await session.execute(statement)]
    return [one for one in items if one.peer == items[0].peer]


async def _raw(session: AsyncSession, ids: Collection[str]) -> dict[str, bytes]:
    if not ids:
        return {}
    single = select(EnvelopeRow.envelope_id, EnvelopeRow.raw).where(EnvelopeRow.envelope_id.in_(ids))
    batches = select(BatchRow.envelope_id, BatchRow.raw).where(BatchRow.envelope_id.in_(ids))
    return {row.envelope_id: row.raw or b"" for row in await session.execute(union_all(single, batches))}


def _expired(item: QueueItem, now: datetime) -> bool:
    return item.expire_time is not None and item.expire_time <= now


def _framed(item: QueueItem, raw: Mapping[str, bytes]) -> link_service_pb2.Item:
    if item.body is None:
        return link_service_pb2.Item(position=item.position, envelope=raw[item.item_id])
    if item.framed:
        framed = link_service_pb2.Item.FromString(item.body)
        framed.position = item.position
        return framed
    receipt = envelope_pb2.SignedReceipt.FromString(item.body)
    return link_service_pb2.Item(position=item.position, receipt=receipt)


def _item(row: Any) -> QueueItem:
    return QueueItem(**row._mapping)  # noqa: SLF001 - its public way to a dict
