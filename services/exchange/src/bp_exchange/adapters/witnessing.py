"""Heads of logs in the database: those of others that were cosigned here, this node's own that others cosigned, and what is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import log_pb2
from bp_exchange.adapters.tables import CosignatureRow, LogAlarmRow, WitnessedHeadRow, WitnessPostRow
from bp_exchange.adapters.writing import add_new

ASK, ANSWER = "ASK", "ANSWER"
# One a day for ten years.
_MOST_HEADS = 3650


class SqlWitness:
    """Heads within a transaction.

    Args:
        session: The transaction.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest(self, node_id: str) -> log_pb2.SignedTreeHead | None:
        """Returns the head of a log that was cosigned here last."""
        statement = select(WitnessedHeadRow.head).where(WitnessedHeadRow.node_id == node_id)
        return _head(await self._session.scalar(statement.order_by(WitnessedHeadRow.see_time.desc()).limit(1)))

    async def up_to(self, node_id: str, size: int) -> list[log_pb2.TreeHead]:
        """Returns the heads of a log that were cosigned here and have at most that many leaves, the largest first."""
        statement = select(WitnessedHeadRow.head).where(
            WitnessedHeadRow.node_id == node_id, WitnessedHeadRow.size <= size
        )
        rows = await self._session.scalars(statement.order_by(WitnessedHeadRow.size.desc()).limit(_MOST_HEADS))
        return [log_pb2.TreeHead.FromString(log_pb2.SignedTreeHead.FromString(raw).head) for raw in rows]

    async def keep(self, head: log_pb2.TreeHead, signed: log_pb2.SignedTreeHead, now: datetime) -> None:
        """Keeps a head that was cosigned, in place of those of the same day: a log is cosigned at each contact, for years."""
        row = WitnessedHeadRow
        same = (row.node_id == head.node_id, row.incarnation == head.incarnation)
        await self._session.execute(delete(row).where(*same, row.see_time >= _day(now)))
        # The clock may have been set back since.
        await self._session.execute(delete(row).where(*same, row.size == head.size))
        values = {"node_id": head.node_id, "incarnation": head.incarnation, "size": head.size}
        raw = signed.SerializeToString(deterministic=True)
        await add_new(self._session, row, [{**values, "head": raw, "see_time": now}])

    async def keep_own(
        self, size: int, signed: log_pb2.SignedTreeHead, cosignature: log_pb2.Cosignature, now: datetime
    ) -> None:
        """Keeps another's word on a head of this node's log, in place of its words of the same day."""
        row = CosignatureRow
        await self._session.execute(
            delete(row).where(row.witness == cosignature.witness, (row.receive_time >= _day(now)) | (row.size == size))
        )
        values = {
            "witness": cosignature.witness,
            "size": size,
            "head": signed.SerializeToString(deterministic=True),
            "cosignature": cosignature.SerializeToString(deterministic=True),
            "receive_time": now,
        }
        await add_new(self._session, row, [values])

    async def own(self, witness: str = "") -> list[tuple[log_pb2.SignedTreeHead, log_pb2.Cosignature]]:
        """Returns the newest cosigned head of this node's log, of one witness or of each."""
        newest = select(CosignatureRow.witness, func.max(CosignatureRow.size).label("size")).group_by(
            CosignatureRow.witness
        )
        if witness:
            newest = newest.where(CosignatureRow.witness == witness)
        at = newest.subquery()
        rows = await self._session.execute(
            select(CosignatureRow.head, CosignatureRow.cosignature)
            .join(at, (CosignatureRow.witness == at.c.witness) & (CosignatureRow.size == at.c.size))
            .order_by(CosignatureRow.size)
        )
        return [_pair(row) for row in rows]

    async def covering(self, position: int) -> list[tuple[log_pb2.SignedTreeHead, log_pb2.Cosignature]]:
        """Returns the earliest cosigned head of each witness in which a leaf of this node's log stands."""
        earliest = (
            select(CosignatureRow.witness, func.min(CosignatureRow.size).label("size"))
            .where(CosignatureRow.size > position)
            .group_by(CosignatureRow.witness)
            .subquery()
        )
        rows = await self._session.execute(
            select(CosignatureRow.head, CosignatureRow.cosignature)
            .join(earliest, (CosignatureRow.witness == earliest.c.witness) & (CosignatureRow.size == earliest.c.size))
            .order_by(CosignatureRow.size)
        )
        return [_pair(row) for row in rows]

    async def alarm(self, alarm: log_pb2.LogAlarm, now: datetime) -> bool:
        """Keeps what is wrong with a log; tells whether it is new."""
        told = b"".join((alarm.before.head, alarm.after.head, bytes([alarm.kind])))
        digest = hashlib.sha256(told).hexdigest()
        if await self._session.get(LogAlarmRow, digest):
            return False
        raw = alarm.SerializeToString(deterministic=True)
        values = {"digest": digest, "node_id": alarm.node_id, "kind": alarm.kind, "alarm": raw, "alarm_time": now}
        await add_new(self._session, LogAlarmRow, [values])
        return True

    async def alarms(self, limit: int) -> Sequence[log_pb2.LogAlarm]:
        """Returns what is wrong, the newest first."""
        rows = await self._session.scalars(
            select(LogAlarmRow.alarm).order_by(LogAlarmRow.alarm_time.desc()).limit(limit)
        )
        return [log_pb2.LogAlarm.FromString(raw) for raw in rows]

    async def post(self, sender: str, target: str, kind: str, body: bytes) -> None:
        """Keeps what is to be passed on, in place of what was to be before."""
        at = (WitnessPostRow.sender == sender, WitnessPostRow.target == target, WitnessPostRow.kind == kind)
        await self._session.execute(delete(WitnessPostRow).where(*at))
        values = {"sender": sender, "target": target, "kind": kind, "body": body}
        await add_new(self._session, WitnessPostRow, [values])

    async def take_posts(self, target: str) -> list[tuple[str, bytes]]:
        """Removes and returns what is to be passed on to a node: (kind, body)."""
        rows = await self._session.execute(
            delete(WitnessPostRow)
            .where(WitnessPostRow.target == target)
            .returning(WitnessPostRow.kind, WitnessPostRow.body)
        )
        return [(row.kind, row.body) for row in rows]


def tree_head(signed: log_pb2.SignedTreeHead | None) -> log_pb2.TreeHead | None:
    """Returns what a kept head says."""
    return log_pb2.TreeHead.FromString(signed.head) if signed else None


def _head(raw: bytes | None) -> log_pb2.SignedTreeHead | None:
    return log_pb2.SignedTreeHead.FromString(raw) if raw else None


def _pair(row: Any) -> tuple[log_pb2.SignedTreeHead, log_pb2.Cosignature]:
    return log_pb2.SignedTreeHead.FromString(row[0]), log_pb2.Cosignature.FromString(row[1])


def _day(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
