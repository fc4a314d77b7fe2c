"""Which of its two places a service stands at. Each place's database tells; never do both say "here", and for a moment neither does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.schema import CreateTable

from bluepacific.moving.v1.place_pb2 import Place
from bp_kit.database import Database
from bp_kit.tables import UtcTime

State = Place.State
_ONLY = 1
# No part of any service's schema: made by whoever may move, so that no chain of migrations has to know of it.
placement = Table(
    "placement",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("move_id", String(36), nullable=False),
    Column("lease_time", UtcTime),
)


class Part(Enum):
    """What a process of the service does at a place."""

    WORKS = "answers calls and runs its workers"
    RESTS = "answers calls; its workers have ended"
    WAITS = "sends callers to the other place"


_PARTS = {
    State.STATE_ACTIVE: Part.WORKS,
    State.STATE_MOVING: Part.WORKS,
    State.STATE_CLOSING: Part.RESTS,
    State.STATE_FROZEN: Part.RESTS,
}


@dataclass(frozen=True)
class Standing:
    """What a database says of its place.

    Attributes:
        state: What the place is to the service.
        move_id: The move that brought it there; empty for none.
        lease_time: Until when the mover has said that it is at work; after that a closed or frozen place opens by itself.
    """

    state: State.ValueType = State.STATE_ACTIVE
    move_id: str = ""
    lease_time: datetime | None = None

    @property
    def part(self) -> Part:
        """What a process of the service does here."""
        return _PARTS.get(self.state, Part.WAITS)

    def is_left_alone(self, now: datetime) -> bool:
        """Tells whether the place is closed for a mover that has gone."""
        return self.part is Part.RESTS and (self.lease_time is None or self.lease_time < now)


async def make_placement(database: Database) -> None:
    """Makes room for what a database says of its place.

    Raises:
        sqlalchemy.exc.DBAPIError: It cannot be made.
    """
    try:
        async with database.write() as session:
            await session.execute(CreateTable(placement, if_not_exists=True))
    except DBAPIError:
        # Another pod was quicker, which PostgreSQL takes amiss; or there is something wrong, which this tells.
        async with database.read() as session:
            await read_standing(session)


async def read_standing(session: AsyncSession) -> Standing:
    """Returns what the database says; where it says nothing, the service stands here."""
    row = (await session.execute(select(placement).where(placement.c.id == _ONLY))).one_or_none()
    return Standing(State.Value(row.state), row.move_id, row.lease_time) if row else Standing()


async def begin_waiting(session: AsyncSession) -> None:
    """Says of a new place that it waits for the service; one that says something already is left as it is."""
    if (await session.execute(select(placement.c.id))).one_or_none() is None:
        await session.execute(insert(placement).values(_row(State.STATE_WAITING, "", None)))


async def enter(
    session: AsyncSession,
    state: State.ValueType,
    move_id: str,
    *,
    after: Collection[State.ValueType],
    by_same: bool = False,
    lease_time: datetime | None = None,
) -> bool:
    """Changes what the database says, if it says one of what may come before.

    Args:
        session: Of a transaction.
        state: What the place is from now on.
        move_id: By which move.
        after: What it may be before.
        by_same: Only if the same move brought it there.
        lease_time: See `Standing`.

    Returns:
        Whether it did. Of two who change it at once, one does.
    """
    found = (await session.execute(select(placement).where(placement.c.id == _ONLY).with_for_update())).one_or_none()
    if found is None:
        if State.STATE_ACTIVE not in after:
            return False
        await session.execute(insert(placement).values(_row(state, move_id, lease_time)))
        return True
    if State.Value(found.state) not in after or (by_same and found.move_id != move_id):
        return False
    await session.execute(update(placement).values(_row(state, move_id, lease_time)))
    return True


def _row(state: State.ValueType, move_id: str, lease_time: datetime | None) -> dict[str, object]:
    return {"id": _ONLY, "state": State.Name(state), "move_id": move_id, "lease_time": lease_time}
