"""Storing envelopes of version 2: passed on, opened into their messages, or kept until the key of their epoch comes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.trace import SpanKind

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2, log_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.batch import OpenedBatch, OpenedMessage, batch_of, unseal_batch
from bp_exchange.protocol.epoch import grant_id, granted_key
from bp_exchange.protocol.receipt_list import list_id
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_exchange.protocol.trace import unpacked
from bp_exchange.usecases import bells
from bp_exchange.usecases.checking import Checked
from bp_exchange.usecases.granting import queued_grant
from bp_exchange.usecases.placing import Placed, say, write
from bp_exchange.usecases.records import BatchRecord, EnvelopeRecord, QueueItem, Role, Rung, SealedFile, WantedFile
from bp_exchange.usecases.repeating import Repeats, content_digest, settle_repeats
from bp_exchange.usecases.sealing import framed, overtaken_ids
from bp_exchange.usecases.sending import delivery_of, moment_of, urgency_of
from bp_exchange.usecases.settling import whole
from bp_exchange.usecases.stating import Statement, queued_statements
from bp_exchange.usecases.work import Work
from bp_kit.telemetry import current_traceparent, span
from bp_verify.messages import NODES

_REFUSED = topics_pb2.DELIVERY_STATE_REFUSED


@dataclass(frozen=True)
class _Arrived:
    """A message as its service gets it, and its record."""

    record: EnvelopeRecord
    message: topics_pb2.Message


async def store_batches(work: Work, peer: str, checked: Checked) -> None:
    """Stores what a batch of items has of version 2; notes in `checked.refused` what is another envelope under a known id."""
    fresh = await _fresh(work, checked)
    placed = Placed()
    added = await work.batches.add([_record(work, peer, raw, opened) for raw, opened in fresh])
    new = [opened for _, opened in fresh if opened.envelope_id in added]
    entries = []
    for raw, opened in fresh:
        if opened.envelope_id not in added:
            continue
        _relay(work, len(raw), opened, placed)
        _want_files(work, peer, opened, placed)
        if opened.messages is None and not opened.awaited:
            entries.append(_entry(work, log_pb2.LOG_EVENT_RELAYED, opened.envelope_id, opened.digest))
        if opened.awaited:
            placed.queue += _asked(work, opened)
    await work.journal.append(entries)
    await _store_messages(work, [one for one in new if one.messages is not None], placed)


async def _fresh(work: Work, checked: Checked) -> list[tuple[bytes, OpenedBatch]]:
    found = await work.batches.find({opened.envelope_id for *_, opened in checked.batches})
    known = {at: one.digest for at, one in found.items()}
    fresh: list[tuple[bytes, OpenedBatch]] = []
    for position, raw, opened in checked.batches:
        earlier = known.setdefault(opened.envelope_id, opened.digest)
        if earlier != opened.digest:
            checked.refused[position] = Ground.DIGEST_DIFFERS
        elif opened.envelope_id not in found and not any(one.envelope_id == opened.envelope_id for _, one in fresh):
            fresh.append((raw, opened))
    return fresh


def _record(work: Work, peer: str, raw: bytes, opened: OpenedBatch) -> BatchRecord:
    is_addressed = opened.messages is not None or bool(opened.awaited)
    # What is opened and goes no further is kept message by message, so that each can be erased.
    is_needed = opened.messages is None or bool(_others(work, opened))
    return BatchRecord(
        envelope_id=opened.envelope_id,
        role=Role.RECEIVED if is_addressed else Role.RELAYED,
        digest=opened.digest,
        raw=raw if is_needed else None,
        seals=opened.seals.SerializeToString(deterministic=True),
        sender_node=opened.header.sender_node,
        peer=peer,
        incarnation=opened.incarnation,
        sequence=opened.header.sequence,
        urgency=urgency_of(opened.header),
        awaited=opened.awaited,
        accept_time=work.clock(),
    )


def _others(work: Work, opened: OpenedBatch) -> list[str]:
    if not work.directory.nodes[work.keys.node_id].centre:
        return []
    return [node for node in opened.nodes if node not in (work.keys.node_id, opened.header.sender_node)]


def _relay(work: Work, size: int, opened: OpenedBatch, placed: Placed) -> None:
    """Queues an envelope for the other nodes that can open it; of those that cannot be reached, its sender hears."""
    header, urgency = opened.header, urgency_of(opened.header)
    expire_time = moment_of(header, "expire_time")
    for node in _others(work, opened):
        if work.directory.trusted(node):
            placed.queue.append(
                QueueItem(node, urgency, opened.envelope_id, None, size, thread="", expire_time=expire_time)
            )
            placed.hurried.append((node, overtaken_ids(header), urgency))
            work.ring(bells.queue_of(node))
        else:
            ground = Ground.REVOKED_RECIPIENT if node in work.directory.nodes else Ground.NOT_ADDRESSED
            record = whole(_record(work, "", b"", opened))
            placed.statements.append(Statement(record, NODES + node, _REFUSED, ground.value))


def _want_files(work: Work, peer: str, opened: OpenedBatch, placed: Placed) -> None:
    """A node that waits for the key asks for the files meanwhile as a relay does, and opens them then."""
    keys = [key for one in opened.messages or () for key in one.content.blobs]
    for at, sealed in enumerate(opened.header.blobs):
        key = keys[at] if opened.messages is not None else envelope_pb2.BlobKey()
        placed.wanted.append(
            WantedFile(
                sealed=SealedFile(sealed.digest, sealed.size_bytes),
                peer=peer,
                urgency=urgency_of(opened.header),
                key=key.key or None,
                plain_digest=key.blob.digest,
                plain_size=key.blob.size_bytes,
            )
        )
        work.ring(bells.files_from(peer))


def _asked(work: Work, opened: OpenedBatch) -> list[QueueItem]:
    """Asks the sender for the key of an epoch."""
    stated = envelope_pb2.Stated(envelope_id=uuid.UUID(opened.envelope_id).bytes, epoch=bytes.fromhex(opened.awaited))
    return queued_statements(work, opened.header.sender_node, [stated])


async def _store_messages(work: Work, batches: Sequence[OpenedBatch], placed: Placed) -> None:
    arrived = [_arrived(work, opened, at, one) for opened in batches for at, one in enumerate(opened.messages or ())]
    known = await work.envelopes.find([one.record.envelope_id for one in arrived])
    repeats, fresh = Repeats(), []
    for one in arrived:
        earlier = known.setdefault(one.record.envelope_id, one.record)
        if earlier is one.record:
            fresh.append(one)
        elif not repeats.note(one.record, earlier):
            here = [name for name in one.message.recipients if work.directory.hosts(work.keys.node_id, name)]
            ground = Ground.DIGEST_DIFFERS.value
            placed.statements += [Statement(one.record, name, _REFUSED, ground) for name in here]
    await work.envelopes.add([one.record for one in fresh])
    for one in fresh:
        _deliver(work, one, placed)
    await write(work, placed)
    accepted = log_pb2.LOG_EVENT_ACCEPTED
    await work.journal.append([_entry(work, accepted, one.record.envelope_id, one.record.digest) for one in fresh])
    await say(work, placed)
    await settle_repeats(work, repeats)


def _arrived(work: Work, opened: OpenedBatch, at: int, one: OpenedMessage) -> _Arrived:
    message = _message_of(one)
    record = EnvelopeRecord(
        envelope_id=one.message_id,
        role=Role.RECEIVED,
        digest=one.leaf,
        message_digest=content_digest(message),
        raw=None,
        sender_node=opened.header.sender_node,
        topic=one.head.topic,
        receipts=False,
        accept_time=work.clock(),
        batch_id=opened.envelope_id,
        batch_index=at,
        inside=one.kept.SerializeToString(deterministic=True),
    )
    return _Arrived(record, message)


def _deliver(work: Work, arrived: _Arrived, placed: Placed) -> None:
    record, message, own = arrived.record, arrived.message, work.keys.node_id
    with span("exchange.accept", scope="bp_exchange", traceparent=message.traceparent, kind=SpanKind.CONSUMER):
        message.traceparent = current_traceparent() or message.traceparent
    names = [name for name in message.recipients if work.directory.hosts(own, name)]
    here = [name for name in names if work.directory.serves(own, name)]
    if work.directory.revokes(message.author):
        # Its other messages are taken: the sender may not have known yet.
        ground = Ground.REVOKED_UNIT.value
        placed.statements += [Statement(record, name, _REFUSED, ground) for name in names]
        return
    accepted = topics_pb2.DELIVERY_STATE_ACCEPTED
    placed.rungs += [Rung(record.envelope_id, name, own, accepted, record.accept_time) for name in here]
    if here:
        placed.deliveries.append(delivery_of(work, message))
    placed.statements += [Statement(record, name, accepted) for name in here]
    ground = Ground.REVOKED_RECIPIENT.value
    placed.statements += [Statement(record, name, _REFUSED, ground) for name in names if name not in here]


def _message_of(opened: OpenedMessage) -> topics_pb2.Message:
    head, content = opened.head, opened.content
    message = topics_pb2.Message(
        message_id=opened.message_id,
        topic=head.topic,
        author=head.author,
        recipients=head.recipients,
        urgency=head.urgency if head.urgency in handling_pb2.Urgency.values()[1:] else handling_pb2.URGENCY_ROUTINE,
        conversation=head.conversation,
        payload=content.payload,
        blobs=[key.blob for key in content.blobs],
        traceparent=unpacked(head.trace),
    )
    if content.HasField("handling"):
        message.handling.CopyFrom(content.handling)
    if head.HasField("expire_time"):
        message.expire_time.CopyFrom(head.expire_time)
    if head.HasField("create_time"):
        message.create_time.CopyFrom(head.create_time)
    return message


def _entry(work: Work, event: log_pb2.LogEvent.ValueType, envelope_id: str, digest: bytes) -> log_pb2.LogEntry:
    entry = log_pb2.LogEntry(event=event, envelope_id=envelope_id, digest=digest)
    entry.event_time.FromDatetime(work.clock())
    return entry


async def take_grants(work: Work, checked: Checked) -> None:
    """Keeps the keys of epochs, opens what waited for them, and queues those that are for other nodes."""
    await _pass_grants(work, checked)
    for _, grant, _signed in checked.grants:
        epoch = grant.epoch.hex()
        if grant.node == work.keys.node_id:
            await work.epochs.keep(grant.sender_node, epoch, grant.wrapped)
            # Also when the key is known: something may have been checked just before it came, and stored just after.
            for awaiting in await work.batches.awaiting(grant.sender_node, epoch):
                await _open(work, awaiting, granted_key(grant.sender_node, epoch, grant.wrapped, work.keys))


async def _open(work: Work, awaiting: BatchRecord, key: bytes | None) -> None:
    placed = Placed()
    record = whole(awaiting)
    try:
        opened = unseal_batch(
            *batch_of(awaiting.raw or b""), directory=work.directory, keys=work.keys, epochs=lambda *_: key
        )
    except RefusedItemError as refused:
        await work.batches.opened(awaiting.envelope_id, awaiting.seals)
        placed.statements.append(Statement(record, NODES + work.keys.node_id, _REFUSED, refused.ground.value))
        await say(work, placed)
        return
    await work.batches.opened(awaiting.envelope_id, opened.seals.SerializeToString(deterministic=True))
    _want_files(work, awaiting.peer, opened, placed)
    await _store_messages(work, [opened], placed)
    await work.batches.forget_bytes([awaiting.envelope_id])


async def _pass_grants(work: Work, checked: Checked) -> None:
    own = work.keys.node_id
    for _, grant, sealed in checked.grants:
        if grant.node != own and work.directory.trusted(grant.node):
            peer = work.directory.next_hop(own, grant.node)
            await work.queue.add([queued_grant(peer, grant_id(sealed), link_service_pb2.Item(grant=sealed))])
            work.ring(bells.queue_of(peer))


async def pass_on(work: Work, checked: Checked) -> None:
    """Queues lists that are for other nodes."""
    own, urgent = work.keys.node_id, handling_pb2.URGENCY_URGENT
    lists = [(receipts.to_node, signed) for _, receipts, signed in checked.lists]
    for node, signed in lists:
        if node != own and work.directory.trusted(node):
            peer = work.directory.next_hop(own, node)
            await work.queue.add([framed(peer, urgent, list_id(signed), link_service_pb2.Item(receipts=signed))])
            work.ring(bells.queue_of(peer))
