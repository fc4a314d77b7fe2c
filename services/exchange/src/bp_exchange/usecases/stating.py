"""What happened to envelopes: stated here and sent to whoever waits for it, or heard and told to the sending service.

Everything works on many at once: a batch of a link costs a few statements, not a few for each of its items.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import envelope_pb2, log_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.names import service_of
from bp_exchange.protocol.receipt import climbs, sign_receipt
from bp_exchange.protocol.receipt_list import merged
from bp_exchange.protocol.trace import packed
from bp_exchange.usecases import bells
from bp_exchange.usecases.records import DeliveryRecord, EnvelopeRecord, QueueItem, Role, Rung
from bp_exchange.usecases.refusals import At, mendable
from bp_exchange.usecases.work import Work
from bp_verify.messages import Said

# A draft of statements to a node begins so.
RECEIPTS = "r"
_QUEUED = topics_pb2.DELIVERY_STATE_QUEUED
# Whose act is traced beyond the message's own trace.
_OF_PEOPLE = (
    topics_pb2.DELIVERY_STATE_OPENED,
    topics_pb2.DELIVERY_STATE_ACTIONED,
    topics_pb2.DELIVERY_STATE_REFUSED,
)


@dataclass(frozen=True)
class Statement:
    """What this node states of an envelope.

    Attributes:
        envelope: Which.
        recipient: At whom.
        state: The rung reached, a number of `DeliveryState`.
        ground: Why, for REFUSED.
        traceparent: Of the act.
    """

    envelope: EnvelopeRecord
    recipient: str
    state: topics_pb2.DeliveryState.ValueType
    ground: str = ""
    traceparent: str = ""


async def state(work: Work, statements: Sequence[Statement]) -> None:
    """Signs statements and sends each to the node that waits for it; what concerns an envelope of this node's own climbs at once."""
    own = work.keys.node_id
    await climb(work, [one for one in statements if one.envelope.sender_node == own])
    foreign = [one for one in statements if one.envelope.sender_node != own]
    await _state_later(work, [one for one in foreign if one.envelope.batch_id])
    signed, entries = [], []
    for one in foreign:
        if one.envelope.batch_id:
            continue
        receipt = receipt_of(work, one)
        stated = sign_receipt(receipt, keys=work.keys, to_node=one.envelope.sender_node, receipt_id=work.ids())
        signed.append((receipt.message_id, stated))
        entries.append(_entry(work, log_pb2.LOG_EVENT_STATED, receipt, stated))
    await work.receipts.add(signed)
    # Who is no longer trusted is told nothing more; what was stated is kept.
    told_to = [stated for _, stated in signed if work.directory.trusted(stated.to_node)]
    await work.queue.add([queued_receipt(work, stated) for stated in told_to])
    await work.journal.append(entries)


async def _state_later(work: Work, statements: Sequence[Statement]) -> None:
    """Of version 2 statements are signed when their lane has room, many at once."""
    now = int(work.clock().timestamp() * 1000)
    told: dict[str, list[envelope_pb2.Stated]] = {}
    entries = []
    for one in statements:
        envelope = one.envelope
        stated = envelope_pb2.Stated(
            envelope_id=uuid.UUID(envelope.batch_id).bytes,
            state=one.state,
            state_millis=now,
            recipient=one.recipient,
            ground=one.ground,
            trace=packed(one.traceparent) if one.state in _OF_PEOPLE else b"",
            messages=[] if envelope.batch_index < 0 else [envelope.batch_index],
        )
        if work.directory.trusted(envelope.sender_node):
            told.setdefault(envelope.sender_node, []).append(stated)
        said = Said(envelope.batch_id, None, one.recipient, one.state, now, one.ground, stated.trace)
        entries.append(said_entry(work, log_pb2.LOG_EVENT_STATED, envelope.envelope_id, said))
    await work.queue.add([item for node, stated in told.items() for item in queued_statements(work, node, stated)])
    await work.journal.append(entries)


def queued_statements(work: Work, to_node: str, stated: Iterable[envelope_pb2.Stated]) -> list[QueueItem]:
    """Returns the places of statements in the queue towards the node that waits for them."""
    peer = work.directory.next_hop(work.keys.node_id, to_node)
    work.ring(bells.queue_of(peer))
    urgent = handling_pb2.URGENCY_URGENT
    bodies = [one.SerializeToString(deterministic=True) for one in merged(stated)]
    return [
        QueueItem(peer, urgent, work.ids(), body, len(body), thread="", expire_time=None, draft=RECEIPTS + to_node)
        for body in bodies
    ]


def said_entry(work: Work, event: log_pb2.LogEvent.ValueType, message_id: str, said: Said) -> log_pb2.LogEntry:
    """Returns a leaf of the log about a statement of a list."""
    entry = log_pb2.LogEntry(
        event=event,
        envelope_id=message_id,
        digest=said.digest(message_id),
        recipient=said.recipient,
        state=topics_pb2.DeliveryState.ValueType(said.state),
    )
    entry.event_time.FromDatetime(work.clock())
    return entry


def queued_receipt(work: Work, signed: envelope_pb2.SignedReceipt) -> QueueItem:
    """Returns a receipt's place in the queue towards the node that waits for it."""
    body = signed.SerializeToString(deterministic=True)
    peer = work.directory.next_hop(work.keys.node_id, signed.to_node)
    work.ring(bells.queue_of(peer))
    return QueueItem(
        peer=peer,
        # Small, and somebody waits for it. All are as urgent, so they keep their order.
        urgency=handling_pb2.URGENCY_URGENT,
        item_id=signed.receipt_id,
        body=body,
        size=len(body),
        thread="",
        expire_time=None,
    )


async def hear(work: Work, heard: Sequence[tuple[topics_pb2.Receipt, envelope_pb2.SignedReceipt]]) -> None:
    """Takes verified receipts for envelopes of this node. What it never sent, or knows already, changes nothing."""
    known = await work.receipts.known([signed.receipt_id for _, signed in heard])
    envelopes = await work.envelopes.find({receipt.message_id for receipt, _ in heard})
    fresh: dict[str, tuple[topics_pb2.Receipt, envelope_pb2.SignedReceipt]] = {}
    for receipt, signed in heard:
        envelope = envelopes.get(receipt.message_id)
        if envelope is not None and envelope.role == Role.SENT and signed.receipt_id not in known:
            fresh[signed.receipt_id] = (receipt, signed)
    taken = list(fresh.values())
    mended = await _mended(work, taken)
    await reach(work, [(envelopes[receipt.message_id], receipt) for receipt, _ in taken], mended)
    await work.receipts.add([(receipt.message_id, signed) for receipt, signed in taken])
    await work.journal.append([_entry(work, log_pb2.LOG_EVENT_HEARD, receipt, signed) for receipt, signed in taken])


async def _mended(work: Work, taken: Sequence[tuple[topics_pb2.Receipt, envelope_pb2.SignedReceipt]]) -> set[At]:
    """Returns where a recipient's own node says more than the REFUSED that others concluded."""
    rungs = await work.ladder.of({receipt.message_id for receipt, _ in taken})
    spoken = {(receipt.message_id, receipt.recipient): signed.node for receipt, signed in taken}
    return await mendable(work, {at: one for at, one in rungs.items() if spoken.get(at) == one.node_id})


async def climb(work: Work, statements: Sequence[Statement]) -> None:
    """Notes what this node itself knows of its own envelopes."""
    await reach(work, [(one.envelope, receipt_of(work, one)) for one in statements])


async def reach(
    work: Work, reached: Sequence[tuple[EnvelopeRecord, topics_pb2.Receipt]], mended: Collection[At] = ()
) -> None:
    """Climbs the ladders of envelopes of this node's own, and tells who sent them; a rung that is not above the last is passed over."""
    rungs = await work.ladder.of([envelope.envelope_id for envelope, _ in reached])
    climbed: dict[tuple[str, str], Rung] = {}
    tell: list[DeliveryRecord] = []
    for envelope, receipt in reached:
        at = (envelope.envelope_id, receipt.recipient)
        rung = climbed.get(at) or rungs.get(at)
        if rung is None:
            continue
        current = _QUEUED if at in mended and at not in climbed else rung.state
        if not climbs(current, receipt.state):
            continue
        climbed[at] = Rung(*at, rung.node_id, receipt.state, work.clock(), receipt.ground)
        if envelope.receipts:
            tell.append(told(work, envelope.topic, receipt))
    await work.ladder.set(list(climbed.values()))
    await work.deliveries.add(tell)


def told(work: Work, topic: str, receipt: topics_pb2.Receipt) -> DeliveryRecord:
    """Returns a receipt as a delivery to the service whose topic it is."""
    service = service_of(topic)
    delivery = topics_pb2.Delivery(delivery_id=work.ids(), receipt=receipt)
    delivery.accept_time.FromDatetime(work.clock())
    work.ring(bells.deliveries_of(service))
    return DeliveryRecord(
        delivery_id=delivery.delivery_id,
        service=service,
        envelope_id="",
        content=delivery.SerializeToString(deterministic=True),
        expire_time=None,
    )


def receipt_of(work: Work, statement: Statement) -> topics_pb2.Receipt:
    """Returns a statement as a receipt says it."""
    receipt = topics_pb2.Receipt(
        message_id=statement.envelope.envelope_id,
        recipient=statement.recipient,
        state=statement.state,
        ground=statement.ground,
        traceparent=statement.traceparent,
    )
    receipt.state_time.FromDatetime(work.clock())
    return receipt


def _entry(
    work: Work,
    event: log_pb2.LogEvent.ValueType,
    receipt: topics_pb2.Receipt,
    signed: envelope_pb2.SignedReceipt,
) -> log_pb2.LogEntry:
    entry = log_pb2.LogEntry(
        event=event,
        envelope_id=receipt.message_id,
        digest=hashlib.sha256(signed.receipt).digest(),
        recipient=receipt.recipient,
        state=receipt.state,
    )
    entry.event_time.FromDatetime(work.clock())
    return entry
