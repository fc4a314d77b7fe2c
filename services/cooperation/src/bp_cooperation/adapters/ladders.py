"""How far what was sent got, what was opened here, and what waits, in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_cooperation.adapters.tables import CarrierRow, OpeningRow, RungRow, WaitingRow
from bp_cooperation.domain.ladder import Rung, merge
from bp_kit.idempotency import forget_answers_about


class SqlLadders:
    """Rungs of what was sent from here, openings of what was received here."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, record: str) -> list[Rung]:
        """Returns all rungs of a request's or a reply's recipients."""
        return (await self.of_all([record])).get(record, [])

    async def of_all(self, records: Collection[str]) -> dict[str, list[Rung]]:
        """Returns all rungs, by record."""
        found: dict[str, list[Rung]] = {}
        if records:
            for row in await self._session.scalars(select(RungRow).where(RungRow.record.in_(records))):
                found.setdefault(row.record, []).append(Rung(row.unit, row.state, row.time, row.ground))
        return found

    async def add(self, record: str, rungs: Iterable[Rung]) -> None:
        """Keeps rungs; the earliest of those that are told twice."""
        for rung in merge([*await self.of(record), *rungs]):
            row = RungRow(record=record, unit=rung.unit, state=rung.state, time=rung.time, ground=rung.ground)
            await self._session.merge(row)
        await self._session.flush()

    async def opened(self, record: str) -> dict[str, datetime]:
        """Returns when each unit here opened it, of those that did."""
        rows = await self._session.scalars(select(OpeningRow).where(OpeningRow.record == record))
        return {row.unit: row.open_time for row in rows}

    async def mark_opened(self, record: str, units: Iterable[str], now: datetime) -> None:
        """Keeps that units here opened it."""
        self._session.add_all(OpeningRow(record=record, unit=unit, open_time=now) for unit in units)
        await self._session.flush()


class SqlCarriers:
    """Which messages hold a record's content."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, record: str, message_id: str) -> None:
        """Keeps that a message holds content of a record."""
        await self._session.merge(CarrierRow(message_id=message_id, record=record))
        await self._session.flush()

    async def of(self, record: str) -> list[str]:
        """Returns the messages that hold a record's content."""
        return list(await self._session.scalars(select(CarrierRow.message_id).where(CarrierRow.record == record)))

    async def forget_answers(self, record: str) -> None:
        """Destroys answers kept for repeats of calls, where they hold a record's content."""
        await forget_answers_about(self._session, record)

    async def carried_by(self, message_id: str) -> str:
        """Returns the name of the record whose content a message holds; empty where it holds none that is known here."""
        row = await self._session.get(CarrierRow, message_id)
        return row.record if row else ""


class SqlWaiting:
    """Messages about requests that have not arrived yet."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, message_id: str, request: str, body: bytes, now: datetime) -> None:
        """Keeps a message until its request arrives; the same one once."""
        await self._session.merge(WaitingRow(message_id=message_id, request=request, body=body, arrive_time=now))
        await self._session.flush()

    async def take(self, request: str) -> list[bytes]:
        """Returns the messages that wait for a request, in order of arrival, and forgets them."""
        statement = select(WaitingRow.body).where(WaitingRow.request == request)
        bodies = list(await self._session.scalars(statement.order_by(WaitingRow.arrive_time, WaitingRow.message_id)))
        await self._session.execute(delete(WaitingRow).where(WaitingRow.request == request))
        return bodies

    async def forget(self, before: datetime) -> None:
        """Forgets messages that have waited since before a moment."""
        await self._session.execute(delete(WaitingRow).where(WaitingRow.arrive_time < before))
