"""What waits for this node's services, in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.tables import DeliveryRow
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.writing import add_new
from bp_exchange.usecases.records import DeliveryRecord
from bp_kit.database import Database
from bp_kit.ports import Clock

_DELIVERY = DeliveryRow.__table__.c


class SqlDeliveries:
    """Deliveries within a transaction.

    Args:
        session: The transaction.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, deliveries: Sequence[DeliveryRecord]) -> None:
        """Adds deliveries."""
        rows = [asdict(delivery) for delivery in deliveries]
        for row in rows:
            del row["position"]
        await add_new(self._session, DeliveryRow, rows)

    async def take(self, service: str, delivery_id: str) -> DeliveryRecord | None:
        """Removes and returns a service's delivery; None when it is gone already."""
        taken = await self._records(
            delete(DeliveryRow)
            .where(DeliveryRow.delivery_id == delivery_id, DeliveryRow.service == service)
            .returning(*_DELIVERY)
        )
        return taken[0] if taken else None

    async def take_back(self, service: str, message_ids: Collection[str]) -> list[DeliveryRecord]:
        """Removes a service's messages that it has not acknowledged, and returns them."""
        return await self._records(
            delete(DeliveryRow)
            .where(DeliveryRow.service == service, DeliveryRow.envelope_id.in_(message_ids))
            .returning(*_DELIVERY)
        )

    async def take_expired(self, now: datetime, limit: int) -> list[DeliveryRecord]:
        """Removes what may not be delivered any more, and returns it."""
        due = select(DeliveryRow.position).where(DeliveryRow.expire_time <= now).limit(limit)
        return await self._records(delete(DeliveryRow).where(DeliveryRow.position.in_(due)).returning(*_DELIVERY))

    async def _records(self, statement: Any) -> list[DeliveryRecord]:
        rows = await self._session.execute(statement.execution_options(synchronize_session=False))
        return [DeliveryRecord(**row._mapping) for row in rows]  # noqa: SLF001 - its public way to a dict


class DeliveryReader:
    """What a subscriber gets next.

    Args:
        database: The exchange's.
        clock: The time now.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @unbroken
    async def next(self, service: str, *, given: Collection[int], limit: int) -> list[DeliveryRecord]:
        """Returns the oldest deliveries of a service that a subscriber was not given yet; none that has expired."""
        statement = (
            select(*_DELIVERY)
            .where(DeliveryRow.service == service)
            .where(or_(DeliveryRow.expire_time.is_(None), DeliveryRow.expire_time > self._clock()))
            .order_by(DeliveryRow.position)
            .limit(limit + len(given))
        )
        async with self._database.read() as session:
            rows = await session.execute(statement)
            found = [DeliveryRecord(**row._mapping) for row in rows]  # noqa: SLF001 - as above
        return [one for one in found if one.position not in given][:limit]
