"""What the exchange measures of itself: its queues by urgency, when peers were heard, and how far its log is witnessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select

from bluepacific.common.v1 import handling_pb2
from bp_exchange.adapters.key_folder import CERTIFICATE
from bp_exchange.adapters.tables import CosignatureRow, NodeRow, PeerRow, QueueRow
from bp_exchange.adapters.unit_of_work import House
from bp_kit.database import Database
from bp_kit.measures import (
    CONTACT_AGE,
    PROOF_AGE,
    PROOF_GAP,
    QUEUE_AGE,
    QUEUE_ASIDE,
    QUEUE_ITEMS,
    Reader,
    Reading,
    age_of,
    certificate_of,
)
from bp_kit.ports import Clock


def readers_of(house: House, heard: Callable[[str], datetime | None]) -> list[Reader]:
    """Returns what the exchange reads of itself.

    Args:
        house: The exchange.
        heard: When a connected peer was last heard; None when it is not connected to this process.
    """
    database, clock = house.database, house.seams.clock
    return [
        lambda: queue_readings(database, clock),
        lambda: contact_readings(database, clock, heard),
        lambda: proof_readings(database, clock),
        certificate_of("exchange", "link", lambda: house.folder.read(CERTIFICATE)),
    ]


async def queue_readings(database: Database, clock: Clock) -> list[Reading]:
    """Returns what waits, by peer and urgency, and what was set aside."""
    urgencies = handling_pb2.Urgency
    async with database.read() as session:
        waiting = await session.execute(
            select(QueueRow.peer, QueueRow.urgency, func.count(), func.min(QueueRow.queue_time))
            .where(QueueRow.set_aside == "")
            .group_by(QueueRow.peer, QueueRow.urgency)
        )
        aside = await session.execute(
            select(QueueRow.peer, func.count()).where(QueueRow.set_aside != "").group_by(QueueRow.peer)
        )
    found = [Reading(QUEUE_ASIDE, count, {"peer": peer}) for peer, count in aside]
    for peer, urgency, count, oldest in waiting:
        where = {"peer": peer, "urgency": urgencies.Name(urgencies.ValueType(urgency)).removeprefix("URGENCY_")}
        found += [Reading(QUEUE_ITEMS, count, where), Reading(QUEUE_AGE, age_of(oldest, clock()), where)]
    return found


async def contact_readings(database: Database, clock: Clock, heard: Callable[[str], datetime | None]) -> list[Reading]:
    """Returns how long ago each peer was heard."""
    async with database.read() as session:
        seen = list(await session.execute(select(PeerRow.peer, PeerRow.last_contact_time)))
    return [Reading(CONTACT_AGE, age_of(heard(peer) or time, clock()), {"peer": peer}) for peer, time in seen]


async def proof_readings(database: Database, clock: Clock) -> list[Reading]:
    """Returns how much of this node's log no witness has cosigned; the age only once one has."""
    async with database.read() as session:
        size = await session.scalar(select(NodeRow.log_size)) or 0
        witnessed, last = (
            await session.execute(select(func.max(CosignatureRow.size), func.max(CosignatureRow.receive_time)))
        ).one()
    found = [Reading(PROOF_GAP, max(0, size - (witnessed or 0)))]
    return [*found, Reading(PROOF_AGE, age_of(last, clock()))] if last else found
