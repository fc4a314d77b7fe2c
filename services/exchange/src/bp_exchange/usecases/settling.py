"""What becomes of queued items: a peer has them, will never take them, is no longer trusted, or their time has passed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.envelope import header_of
from bp_exchange.protocol.refusal import Ground
from bp_exchange.usecases import bells
from bp_exchange.usecases.delivering import expire_delivery
from bp_exchange.usecases.records import BatchRecord, EnvelopeRecord, QueueItem, Role
from bp_exchange.usecases.recovering import ask_about
from bp_exchange.usecases.stating import Statement, climb, state
from bp_exchange.usecases.work import Work
from bp_verify.messages import NODES

_SWEEP = 200


async def settle(work: Work, peer: str, stored: Collection[int], refused: Mapping[int, str]) -> None:
    """Takes a peer's acknowledgement: what it stored is owed no longer; what it refused is set aside, and its sender told."""
    taken = await work.queue.take(peer, stored)
    if any(item.framed for item in taken):
        # Statements wait until the last list has arrived.
        work.ring(bells.queue_of(peer))
    await _sent(work, peer, taken)
    aside = await work.queue.set_aside(peer, refused)
    doubted = await _doubted(work, aside, refused)
    grounds = {item.item_id: refused[item.position] for item in aside if item not in doubted}
    await _lost(work, peer, [one for one in aside if one not in doubted], topics_pb2.DELIVERY_STATE_REFUSED, grounds)
    await work.queue.take(peer, [item.position for item in doubted])
    await ask_about(work, [item.item_id for item in doubted])
    await _forget(work, taken)


async def _doubted(work: Work, aside: Sequence[QueueItem], refused: Mapping[int, str]) -> list[QueueItem]:
    """Returns what of this node's own a peer knows in another form: sent before a restore, and sealed anew by whoever did not know it.

    A relay cannot tell whether both say the same. So it is not refused; its recipients are asked whether they have it.
    """
    differing = [item for item in aside if refused[item.position] == Ground.DIGEST_DIFFERS and item.body is None]
    found = await work.envelopes.find([item.item_id for item in differing])
    return [item for item in differing if item.item_id in found and found[item.item_id].role == Role.SENT]


async def sweep(work: Work) -> int:
    """Removes what has expired, wherever it waits, and tells its senders; returns how much."""
    now = work.clock()
    queued = await work.queue.take_expired(now, _SWEEP)
    for peer in {item.peer for item in queued}:
        items = [item for item in queued if item.peer == peer]
        await _lost(work, peer, items, topics_pb2.DELIVERY_STATE_EXPIRED, {})
    await _forget(work, queued)
    waiting = await work.deliveries.take_expired(now, _SWEEP)
    for delivery in waiting:
        await expire_delivery(work, delivery.envelope_id)
    return len(queued) + len(waiting)


async def cut_off(work: Work) -> int:
    """Refuses what is owed to nodes and units that were revoked, and tells its senders; returns how much.

    What a revoked node itself sent needs nothing here: whoever gets it refuses it.
    """
    directory, ground = work.directory, Ground.REVOKED_RECIPIENT.value
    owed = await work.queue.take_all(directory.revoked, _SWEEP)
    for peer in {item.peer for item in owed}:
        items = [item for item in owed if item.peer == peer]
        grounds = {item.item_id: ground for item in items}
        await _lost(work, peer, items, topics_pb2.DELIVERY_STATE_REFUSED, grounds)
    await _forget(work, owed)
    waiting = await work.ladder.queued_for(directory.revoked, directory.revoked_units, _SWEEP)
    envelopes = await work.envelopes.find({rung.envelope_id for rung in waiting})
    refused = topics_pb2.DELIVERY_STATE_REFUSED
    await climb(work, [Statement(envelopes[one.envelope_id], one.recipient, refused, ground) for one in waiting])
    await _drop_useless(work, list(envelopes))
    return len(owed) + len(waiting)


async def _drop_useless(work: Work, envelope_ids: Sequence[str]) -> None:
    """Takes out of the queues what is left without a single recipient."""
    rungs = await work.ladder.of(envelope_ids)
    useful = {rung.envelope_id for rung in rungs.values() if rung.state != topics_pb2.DELIVERY_STATE_REFUSED}
    await work.queue.drop([one for one in envelope_ids if one not in useful])


async def _forget(work: Work, items: Sequence[QueueItem]) -> None:
    ids = [item.item_id for item in items if item.body is None]
    await work.envelopes.forget_bytes(ids)
    await work.batches.forget_bytes(ids)


async def _sent(work: Work, peer: str, items: Sequence[QueueItem]) -> None:
    own = [one for one in await _envelopes(work, items) if one.role == Role.SENT]
    rungs = await work.ladder.of([one.envelope_id for one in own])
    sent = topics_pb2.DELIVERY_STATE_SENT
    by_id = {one.envelope_id: one for one in own}
    await climb(
        work,
        [
            Statement(by_id[rung.envelope_id], rung.recipient, sent)
            for rung in rungs.values()
            if _is_behind(work, rung.node_id, peer)
        ],
    )


async def _lost(
    work: Work,
    peer: str,
    items: Sequence[QueueItem],
    reached: topics_pb2.DeliveryState.ValueType,
    grounds: Mapping[str, str],
) -> None:
    """Seldom, so one after the other."""
    await _lost_batches(work, peer, items, reached, grounds)
    for envelope in await _envelopes(work, items):
        ground = grounds.get(envelope.batch_id or envelope.envelope_id, "")
        recipients = await _behind(work, envelope, peer)
        await state(work, [Statement(envelope, recipient, reached, ground) for recipient in recipients])


async def _lost_batches(
    work: Work,
    peer: str,
    items: Sequence[QueueItem],
    reached: topics_pb2.DeliveryState.ValueType,
    grounds: Mapping[str, str],
) -> None:
    """Of an envelope of version 2 a relay knows the nodes only: it speaks of all recipients at the peer."""
    found = await work.batches.find([item.item_id for item in items if item.body is None])
    relayed = [one for one in found.values() if one.role != Role.SENT]
    await state(
        work, [Statement(whole(one), NODES + peer, reached, grounds.get(one.envelope_id, "")) for one in relayed]
    )


def whole(batch: BatchRecord) -> EnvelopeRecord:
    """Returns what stands for all messages of an envelope of version 2."""
    return EnvelopeRecord(
        envelope_id=batch.envelope_id,
        role=batch.role,
        digest=batch.digest,
        message_digest=None,
        raw=None,
        sender_node=batch.sender_node,
        topic="",
        receipts=False,
        accept_time=batch.accept_time,
        batch_id=batch.envelope_id,
        batch_index=-1,
    )


def _is_behind(work: Work, node_id: str, peer: str) -> bool:
    own = work.keys.node_id
    return node_id != own and work.directory.next_hop(own, node_id) == peer


async def _envelopes(work: Work, items: Sequence[QueueItem]) -> list[EnvelopeRecord]:
    ids = [item.item_id for item in items if item.body is None]
    found = await work.envelopes.find(ids)
    # At the centre, what it received and passes on too was not sent by it.
    messages = [one for one in await work.envelopes.of_batches(ids) if one.role == Role.SENT]
    return [*found.values(), *messages]


async def _behind(work: Work, envelope: EnvelopeRecord, peer: str) -> list[str]:
    """Returns the recipients that are reached through a peer: from the own ladder, or from a relayed envelope's header."""
    if envelope.role == Role.SENT:
        rungs = await work.ladder.of([envelope.envelope_id])
        nodes = {rung.recipient: rung.node_id for rung in rungs.values()}
    else:
        nodes = {name: node for name in await _named(work, envelope) if (node := _node_of(work, name, peer))}
    return [name for name, node in nodes.items() if _is_behind(work, node, peer)]


def _node_of(work: Work, name: str, peer: str) -> str | None:
    """Returns a recipient's node; a peer that was revoked is still the node of what was queued for it."""
    node = work.directory.node_of(name)
    if node is None and work.directory.hosts(peer, name):
        return peer
    return node.node_id if node else None


async def _named(work: Work, envelope: EnvelopeRecord) -> list[str]:
    raw = await work.envelopes.bytes_of(envelope.envelope_id)
    return list(header_of(raw).recipients) if raw else []
