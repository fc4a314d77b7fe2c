"""How a lane is kept filled: what waits for it is chosen and sealed until there is enough to send (usecases/sealing.py).

The steps are here, and what a step does is given: on the database in the exchange, in memory in the simulator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2
from bp_exchange.protocol.batch import Prepared
from bp_exchange.usecases.records import QueueItem
from bp_exchange.usecases.sealing import choose, is_receipt, room_for

# As much is sealed ahead of sending: later comers are still put into large envelopes.
_AHEAD_ITEMS = 16
_AHEAD_ROOMS = 3

Waiting = tuple[QueueItem, link_service_pb2.Item]
Kept = Mapping[str, envelope_pb2.KeptMessage]


@dataclass(frozen=True)
class Chosen:
    """Drafts that are sealed together, and how many bytes an envelope may have."""

    items: Sequence[QueueItem] = ()
    room: int = 0


@dataclass(frozen=True)
class Found:
    """What waits, sealed, and whether more of it waits to be sealed."""

    items: list[Waiting]
    more: bool


class Drafts(Protocol):
    """What waits to be sealed for a peer, at one moment."""

    async def waiting(self) -> list[QueueItem]:
        """Returns the drafts, the most urgent first, then the oldest."""

    async def earlier(self, chosen: Sequence[QueueItem]) -> list[QueueItem]:
        """Returns what has to be sealed before: earlier messages of the same conversations, in a lane of one of theirs."""

    async def pace(self) -> int | None:
        """Returns how many bytes a second the peer took last, if that is known."""

    async def is_list_under_way(self) -> bool:
        """Tells whether a list of receipts waits for its acknowledgement."""


class Lane(Protocol):
    """A lane to a peer."""

    async def ready(self) -> list[Waiting]:
        """Returns what is sealed and not under way, the most urgent first, then the oldest."""

    async def chosen(self, *, at_once: bool) -> Chosen:
        """Returns what `choose_next` says of it now."""

    async def kept(self, items: Sequence[QueueItem]) -> Kept:
        """Returns what is kept of messages, by id."""

    async def prepare(self, kept: Sequence[envelope_pb2.KeptMessage]) -> Prepared:
        """Returns messages that need only a header."""

    async def seal_messages(self, items: Sequence[QueueItem], kept: Kept, prepared: Prepared) -> bool:
        """Does so in a transaction; False when they cannot be."""

    async def seal_receipts(self, items: Sequence[QueueItem]) -> bool:
        """Does so in a transaction; False when they cannot be."""


async def choose_next(drafts: Drafts, *, at_once: bool) -> Chosen:
    """Returns what is sealed next.

    Args:
        drafts: What waits.
        at_once: Statements do not wait while a list is on its way; else one goes in a round trip, not one a message.
    """
    waiting = await drafts.waiting()
    if waiting and not at_once and await drafts.is_list_under_way():
        waiting = [one for one in waiting if not is_receipt(one)]
    if not waiting:
        return Chosen()
    room = room_for(waiting[0].urgency, await drafts.pace())
    chosen = choose(waiting, room)
    while earlier := await drafts.earlier(chosen):
        chosen = choose(earlier, room)
    return Chosen(chosen, room)


async def fill(lane: Lane, limit: int, *, ahead: bool = True) -> Found:
    """Returns what to send next.

    Args:
        lane: The lane; it gives at most `limit` items.
        limit: As much is looked for.
        ahead: More is sealed for later; else whoever has nothing to send meanwhile is answered as soon as there is something.
    """
    while True:
        found = await lane.ready()
        chosen = await lane.chosen(at_once=False)
        ready = [item for item, _ in found if not chosen.items or item.urgency <= chosen.items[0].urgency]
        if not chosen.items or _is_enough(ready, chosen.room) or (ready and not ahead):
            return Found(found, more=bool(chosen.items) or len(found) == limit)
        if not await _seal(lane, chosen):
            return Found(found, more=len(found) == limit)


async def seal_all(lane: Lane) -> None:
    """Seals all that waits and can be sealed."""
    while (chosen := await lane.chosen(at_once=True)).items and await _seal(lane, chosen):
        continue


def _is_enough(ready: Sequence[QueueItem], room: int) -> bool:
    return len(ready) >= _AHEAD_ITEMS or sum(one.size for one in ready) >= _AHEAD_ROOMS * room


async def _seal(lane: Lane, chosen: Chosen) -> bool:
    """Seals drafts; False when they cannot be, now."""
    items = chosen.items
    if is_receipt(items[0]):
        return await lane.seal_receipts(items)
    kept = await lane.kept(items)
    if len(kept) < len(items):
        return False
    prepared = await lane.prepare([kept[one.item_id] for one in items])
    if len(items) > 1 and len(prepared.compressed) > 2 * chosen.room:
        return await _seal(lane, Chosen(items[: len(items) // 2], chosen.room))
    return await lane.seal_messages(items, kept, prepared)
