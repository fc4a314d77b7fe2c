"""Reads of personal data in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bluepacific.exchange.v1 import read_pb2
from bp_exchange.adapters.tables import ReadRow
from bp_exchange.adapters.writing import add_new
from bp_exchange.usecases.reading import KeptRead
from bp_kit.paging import Page, fetch_page
from bp_kit.sealing import Sealer


class SqlReads:
    """Reads that are kept.

    Args:
        session: The transaction.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def has_batch(self, batch_id: str) -> bool:
        """Tells whether the batch is in the log."""
        found = select(ReadRow.read_id).where(ReadRow.batch_id == batch_id).limit(1)
        return await self._session.scalar(found) is not None

    async def add(self, reads: Sequence[KeptRead]) -> None:
        """Keeps reads; those that are there already stay as they are."""
        rows = [
            {
                "read_id": one.read.read_id,
                "batch_id": one.batch_id,
                "position": one.position,
                "record": one.read.record,
                "read_time": one.read.read_time.ToDatetime(tzinfo=UTC),
                "body": one.body,
                "salt": one.salt,
            }
            for one in reads
        ]
        await add_new(self._session, ReadRow, rows)

    async def find(self, read_id: str) -> KeptRead | None:
        """Returns a read."""
        row = await self._session.get(ReadRow, read_id)
        return _kept(row) if row else None

    async def batch(self, batch_id: str) -> list[KeptRead]:
        """Returns a batch's reads, in their order."""
        found = select(ReadRow).where(ReadRow.batch_id == batch_id).order_by(ReadRow.position)
        return [_kept(row) for row in await self._session.scalars(found)]

    async def page(
        self, records: Sequence[str], lists: Sequence[str], *, size: int, token: str, sealer: Sealer
    ) -> Page:
        """Returns a page of the reads of records and of what is under them, and of lists, newest first.

        Raises:
            Refused: INVALID_FIELD, INVALID_PAGE_TOKEN.
        """
        beneath = [ReadRow.record.startswith(f"{record}/", autoescape=True) for record in records]
        return await fetch_page(
            self._session,
            select(ReadRow).where(or_(ReadRow.record.in_([*records, *lists]), *beneath)),
            keys=(ReadRow.read_time, ReadRow.read_id),
            size=size,
            token=token,
            sealer=sealer,
            scope=("reads", *records, "", *lists),
            descending=True,
        )

    async def forget(self, before: datetime, most: int) -> int:
        """Drops reads that were before a time, whole batches only, since each proves the others; returns how many.

        Args:
            before: The time.
            most: How many at once.
        """
        later = aliased(ReadRow)
        younger = exists().where(later.batch_id == ReadRow.batch_id, later.batch_id != "", later.read_time >= before)
        old = select(ReadRow.read_id).where(ReadRow.read_time < before, ~younger).limit(most)
        dropped = await self._session.scalars(
            delete(ReadRow).where(ReadRow.read_id.in_(old)).returning(ReadRow.read_id)
        )
        return len(dropped.all())


def _kept(row: ReadRow) -> KeptRead:
    return KeptRead(read_pb2.Read.FromString(row.body), row.batch_id, row.position, row.salt)
