"""Destroying the content of messages. What the log and the seals say of them stays provable: only digests over salts that are gone, too."""

from __future__ import annotations

from collections.abc import Collection

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.names import service_of
from bp_exchange.usecases.records import EnvelopeRecord, QueueItem, Role
from bp_exchange.usecases.stating import Statement, climb, state
from bp_exchange.usecases.work import Work

_RECALLED = topics_pb2.DELIVERY_STATE_RECALLED


async def erase(work: Work, service: str, message_ids: Collection[str]) -> None:
    """Destroys what this node holds of the content of a service's messages; unknown ones are passed over, and repeating it is harmless.

    What waits to be sent or delivered is taken back, and counts as recalled. An envelope of several messages that is still owed to a peer
    goes nevertheless, since it carries others; its bytes are dropped as soon as nobody is owed it.
    """
    found = await work.envelopes.find(message_ids)
    own = {at: one for at, one in found.items() if one.role != Role.RELAYED and service_of(one.topic) == service}
    await _take_back_deliveries(work, service, own)
    await _recall(work, own, await work.queue.drop(list(own)))
    await work.contents.erase(list(own))
    await work.batches.forget_bytes({one.batch_id for one in own.values() if one.batch_id})


async def _take_back_deliveries(work: Work, service: str, own: dict[str, EnvelopeRecord]) -> None:
    taken = await work.deliveries.take_back(service, list(own))
    rungs = await work.ladder.of([one.envelope_id for one in taken])
    here = [rung for rung in rungs.values() if rung.node_id == work.keys.node_id]
    await state(work, [Statement(own[rung.envelope_id], rung.recipient, _RECALLED) for rung in here])


async def _recall(work: Work, own: dict[str, EnvelopeRecord], taken: Collection[QueueItem]) -> None:
    """Ends the ladder of what never left this node."""
    rungs = await work.ladder.of({one.item_id for one in taken})
    queued = [rung for rung in rungs.values() if rung.state == topics_pb2.DELIVERY_STATE_QUEUED]
    await climb(work, [Statement(own[rung.envelope_id], rung.recipient, _RECALLED) for rung in queued])
