"""Sealing late: what waits for a lane is put into envelopes and lists when the lane has room, so that what waits together travels together.

On an idle link a message goes alone at once; after dark weeks they go in large envelopes. An envelope is never larger than what a thin link
carries in about a second, except for BULK, so that none is in the way of what is more urgent. Once sealed, bytes never change.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2, log_pb2
from bp_exchange.protocol.batch import OpenedBatch, Prepared, finish
from bp_exchange.protocol.batch_shape import INCARNATION_BYTES, MAX_AFTER, MAX_MESSAGES, is_exercise, strictest
from bp_exchange.protocol.receipt_list import list_id, sign_list
from bp_exchange.usecases import bells
from bp_exchange.usecases.granting import readers_of
from bp_exchange.usecases.records import BatchRecord, QueueItem, Role
from bp_exchange.usecases.stating import RECEIPTS
from bp_exchange.usecases.work import Work
from bp_verify.messages import envelope_id_of

MAX_STATEMENTS = 1000
# What compressing leaves of messages, about; an envelope that turns out too large is made anew of fewer.
_SHARE = 0.28
_LEAST_ROOM = 16 * 1024


def room_for(urgency: int, pace: int | None) -> int:
    """Returns how many bytes an envelope may have: half a second of a link of that pace, in bytes a second; few while it is not known."""
    largest = 256 * 1024 if urgency >= handling_pb2.URGENCY_BULK else 64 * 1024
    return max(_LEAST_ROOM, min(largest, (pace or 0) // 2))


def choose(waiting: Sequence[QueueItem], room: int) -> list[QueueItem]:
    """Returns which drafts are sealed together next.

    Args:
        waiting: Drafts that lead to one peer, the most urgent first, then the oldest.
        room: Bytes that the envelope may have.
    """
    if not waiting:
        return []
    first = waiting[0]
    most = MAX_STATEMENTS if is_receipt(first) else MAX_MESSAGES
    chosen: list[QueueItem] = []
    size, passed = 0, set()
    for one in waiting:
        if (one.draft, one.urgency) != (first.draft, first.urgency) or one.thread in passed:
            # What follows it in its conversation must not overtake it in another envelope.
            passed |= {one.thread} - {""}
            continue
        size += one.size
        if chosen and (size * _SHARE > room or len(chosen) == most):
            break
        chosen.append(one)
    return chosen


def is_receipt(item: QueueItem) -> bool:
    """Tells whether a draft is a statement, and no message."""
    return item.draft.startswith(RECEIPTS)


async def seal_messages(
    work: Work, chosen: Sequence[QueueItem], kept: Mapping[str, envelope_pb2.KeptMessage], prepared: Prepared
) -> bool:
    """Puts prepared messages into an envelope, for all lanes they wait in; False when some of them wait no longer, or nobody may read them.

    Args:
        work: The transaction.
        chosen: As they waited when they were prepared.
        kept: What was prepared, by id.
        prepared: What came of it.
    """
    ids = [one.item_id for one in chosen]
    drafts = await work.queue.drafts(ids)
    if {one.item_id for one in drafts} != set(ids):
        return False
    readers = await readers_of(work, ids)
    if not readers:
        return False
    urgency = min(one.urgency for one in drafts)
    header = await _header(work, drafts, [kept[one] for one in ids], urgency)
    opened, raw = finish(prepared, header, keys=work.keys, readers=readers)
    await work.batches.add([_record(work, opened, raw)])
    await work.contents.seal(
        opened.envelope_id, list(zip(ids, prepared.leaves, map(_sealed, prepared.kept), strict=True))
    )
    await work.journal.append([_entry(work, at, leaf) for at, leaf in zip(ids, prepared.leaves, strict=True)])
    await work.queue.drop(ids)
    await _queue(work, opened, len(raw), list(dict.fromkeys(one.peer for one in drafts)))
    return True


async def seal_receipts(work: Work, chosen: Sequence[QueueItem]) -> bool:
    """Puts statements to one node into a list; False when some of them wait no longer."""
    ids = [one.item_id for one in chosen]
    drafts = await work.queue.drafts(ids)
    if {one.item_id for one in drafts} != set(ids):
        return False
    stated = [envelope_pb2.Stated.FromString(one.body or b"") for one in drafts]
    kept, travels = sign_list(stated, keys=work.keys, to_node=chosen[0].draft.removeprefix(RECEIPTS))
    raw = kept.SerializeToString(deterministic=True)
    about = {str(uuid.UUID(bytes=one.envelope_id)) for one in stated if not one.epoch}
    await work.receipts.add_lists([(list_id(kept, batch_id), batch_id, raw) for batch_id in sorted(about)])
    await work.queue.drop(ids)
    item = link_service_pb2.Item(receipts=travels)
    await work.queue.add([framed(chosen[0].peer, chosen[0].urgency, list_id(kept), item, thread=RECEIPTS)])
    return True


def framed(peer: str, urgency: int, item_id: str, item: link_service_pb2.Item, *, thread: str = "") -> QueueItem:
    """Returns a small item's place in a queue, with its bytes."""
    body = item.SerializeToString(deterministic=True)
    return QueueItem(peer, urgency, item_id, body, len(body), thread=thread, expire_time=None, framed=True)


async def _header(
    work: Work, drafts: Sequence[QueueItem], kept: Sequence[envelope_pb2.KeptMessage], urgency: int
) -> envelope_pb2.EnvelopeHeader:
    incarnation, sequence = await work.journal.next_sequence()
    contents = [envelope_pb2.Content.FromString(one.content) for one in kept]
    after = await work.contents.overtaken({one.thread for one in drafts if one.thread}, urgency)
    header = envelope_pb2.EnvelopeHeader(
        incarnation_id=uuid.UUID(incarnation).bytes[-INCARNATION_BYTES:],
        sequence=sequence,
        urgency=handling_pb2.Urgency.ValueType(urgency),
        blobs=[blob for one in kept for blob in one.blobs],
        tlp=strictest(contents),
        exercise=is_exercise(contents),
        after=after[-MAX_AFTER:],
    )
    expire_times = [one.expire_time for one in drafts]
    if None not in expire_times:
        header.expire_time.FromDatetime(max(one for one in expire_times if one))
    return header


def _record(work: Work, opened: OpenedBatch, raw: bytes) -> BatchRecord:
    header = opened.header
    return BatchRecord(
        envelope_id=opened.envelope_id,
        role=Role.SENT,
        digest=opened.digest,
        raw=raw,
        seals=opened.seals.SerializeToString(deterministic=True),
        sender_node=work.keys.node_id,
        peer="",
        incarnation=work.journal.incarnation,
        sequence=header.sequence,
        urgency=header.urgency,
        awaited="",
        accept_time=work.clock(),
    )


def _sealed(kept: envelope_pb2.KeptMessage) -> envelope_pb2.KeptMessage:
    """Returns what the sender keeps of a message: its service has the content, and the envelope is for others."""
    left = envelope_pb2.KeptMessage()
    left.CopyFrom(kept)
    left.ClearField("content")
    left.ClearField("content_salt")
    return left


def _entry(work: Work, message_id: str, leaf: bytes) -> log_pb2.LogEntry:
    entry = log_pb2.LogEntry(event=log_pb2.LOG_EVENT_SEALED, envelope_id=message_id, digest=leaf)
    entry.event_time.FromDatetime(work.clock())
    return entry


async def _queue(work: Work, opened: OpenedBatch, size: int, peers: Sequence[str]) -> None:
    header = opened.header
    expires = header.expire_time.ToDatetime(tzinfo=UTC) if header.HasField("expire_time") else None
    await work.queue.add(
        [
            QueueItem(peer, header.urgency, opened.envelope_id, None, size, thread="", expire_time=expires)
            for peer in peers
        ]
    )
    for peer in peers:
        await work.queue.hurry(peer, overtaken_ids(header), header.urgency)
    work.ring_all(bells.queue_of(peer) for peer in peers)


def overtaken_ids(header: envelope_pb2.EnvelopeHeader) -> list[str]:
    """Returns the ids of the envelopes that one must not overtake."""
    return [envelope_id_of(header.sender_node, header.incarnation_id, sequence) for sequence in header.after]
