"""Where what a batch of items brought goes, gathered first and written together."""

from __future__ import annotations

from dataclasses import dataclass, field

from bp_exchange.usecases.records import DeliveryRecord, QueueItem, Rung, WantedFile
from bp_exchange.usecases.stating import Statement, state
from bp_exchange.usecases.work import Work


@dataclass
class Placed:
    """What is to be written.

    Attributes:
        queue: Owed to other nodes.
        hurried: (peer, item ids, urgency) of what must not be overtaken.
        rungs: Of recipients here.
        deliveries: For services here.
        statements: What this node says of it.
        wanted: Files that were announced.
    """

    queue: list[QueueItem] = field(default_factory=list)
    hurried: list[tuple[str, list[str], int]] = field(default_factory=list)
    rungs: list[Rung] = field(default_factory=list)
    deliveries: list[DeliveryRecord] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    wanted: list[WantedFile] = field(default_factory=list)


async def write(work: Work, placed: Placed) -> None:
    """Writes it, except what is said of it."""
    await work.queue.add(placed.queue)
    for peer, item_ids, urgency in placed.hurried:
        await work.queue.hurry(peer, item_ids, urgency)
    await work.ladder.add(placed.rungs)
    await work.deliveries.add(placed.deliveries)
    await work.files.want(placed.wanted)


async def say(work: Work, placed: Placed) -> None:
    """States what is to be said of it; last, so that the log first tells that it is here."""
    await state(work, placed.statements)
