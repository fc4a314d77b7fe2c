"""Taking an item out of its lane by hand, and putting items back.

REFUSED is the word of the node that was asked to take an item, and ends its ladder. Whoever sets one aside by hand says something else: not
now. So its sender hears nothing, the item expires like everything else, and putting it back is all there is to it. What a peer refused is
put back likewise, once its cause is mended; the ladder of an envelope of this node then begins anew at QUEUED, unless the recipient's own
node has refused it. It keeps its old place; what overtook it meanwhile has.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.usecases import bells
from bp_exchange.usecases.records import AsideItem, Role, Rung
from bp_exchange.usecases.refusals import mendable
from bp_exchange.usecases.stating import Statement, receipt_of, told
from bp_exchange.usecases.work import Work
from bp_kit.errors import Refused


class Lanes(Protocol):
    """What was set aside."""

    async def set_aside(self, peer: str, item_id: str, reason: str) -> AsideItem | None:
        """Sets aside by hand what waits; None when it does not wait."""

    async def put_back(self, peer: str, item_id: str) -> list[AsideItem]:
        """Puts back into a peer's lane what was set aside, or one of it; returns what it was."""

    async def want_again(self, peer: str) -> int:
        """Asks again for a peer's files that were set aside; returns how many."""


async def set_item_aside(work: Work, lanes: Lanes, peer: str, item_id: str, reason: str) -> AsideItem:
    """Takes an item that waits out of its lane.

    Raises:
        Refused: NOT_FOUND: it does not wait for that peer.
    """
    item = await lanes.set_aside(peer, item_id, reason)
    if item is None:
        raise Refused("NOT_FOUND", name=item_id)
    work.ring(bells.queue_of(peer))
    return item


async def retry(work: Work, lanes: Lanes, peer: str, item_id: str) -> int:
    """Puts one item, or all of a peer's with its files, back; returns how many.

    Raises:
        Refused: NOT_FOUND: that item was not set aside.
    """
    items = await lanes.put_back(peer, item_id)
    if item_id and not items:
        raise Refused("NOT_FOUND", name=item_id)
    files = 0 if item_id else await lanes.want_again(peer)
    await _begin_anew(work, peer, [one for one in items if not one.receipt])
    work.ring_all([bells.queue_of(peer), bells.files_from(peer)])
    return len(items) + files


async def _begin_anew(work: Work, peer: str, items: Collection[AsideItem]) -> None:
    """Takes REFUSED back where it was this node that concluded it from its peer's refusal."""
    ids = [one.item_id for one in items]
    found = [*(await work.envelopes.find(ids)).values(), *await work.envelopes.of_batches(ids)]
    own = {record.envelope_id: record for record in found if record.role == Role.SENT}
    reached = await work.ladder.of(list(own))
    mended = await mendable(work, reached)
    rungs = [rung for at, rung in reached.items() if at in mended and _is_behind(work, rung, peer)]
    now, queued = work.clock(), topics_pb2.DELIVERY_STATE_QUEUED
    await work.ladder.set([Rung(one.envelope_id, one.recipient, one.node_id, queued, now) for one in rungs])
    await work.deliveries.add(
        [
            told(work, record.topic, receipt_of(work, Statement(record, one.recipient, queued)))
            for one in rungs
            if (record := own[one.envelope_id]).receipts
        ]
    )


def _is_behind(work: Work, rung: Rung, peer: str) -> bool:
    own = work.keys.node_id
    return rung.node_id != own and work.directory.next_hop(own, rung.node_id) == peer
