"""Taking a batch of items from a peer: verified and opened first, without any transaction; then stored together, in one.

What is stored is acknowledged after the commit, so a crash in between brings the items again; a repeat is known by id and digest and is
only acknowledged. An item that will never be taken is refused with its coded ground, and the lane moves on.
"""

from __future__ import annotations

from opentelemetry.trace import SpanKind

from bluepacific.exchange.v1 import envelope_pb2, log_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.envelope import Opened
from bp_exchange.protocol.refusal import Ground
from bp_exchange.usecases import bells
from bp_exchange.usecases.accepting_batches import pass_on, store_batches, take_grants
from bp_exchange.usecases.checking import Checked
from bp_exchange.usecases.hearing import hear_lists
from bp_exchange.usecases.placing import Placed, say, write
from bp_exchange.usecases.records import EnvelopeRecord, QueueItem, Role, Rung, SealedFile, WantedFile
from bp_exchange.usecases.repeating import Repeats, content_digest, settle_repeats
from bp_exchange.usecases.sealing import overtaken_ids
from bp_exchange.usecases.sending import delivery_of, moment_of, thread_of, urgency_of
from bp_exchange.usecases.stating import Statement, hear, queued_receipt
from bp_exchange.usecases.work import Work
from bp_kit.telemetry import current_traceparent, span


async def store(work: Work, peer: str, checked: Checked) -> None:
    """Stores a batch; notes in `checked.refused` what turned out to be another envelope under a known id."""
    # Keys before what needs them, here and in the queues.
    await take_grants(work, checked)
    for run in checked.runs():
        if run.envelopes:
            await _store_single(work, peer, run)
        if run.batches:
            await store_batches(work, peer, run)
    await _take_receipts(work, checked)


async def _store_single(work: Work, peer: str, checked: Checked) -> None:
    repeats = Repeats()
    fresh = await _fresh(work, checked, repeats)
    added = await work.envelopes.add([_record(work, raw, opened) for raw, opened in fresh])
    placed = Placed()
    for raw, opened in fresh:
        if opened.header.envelope_id in added:
            _place(work, peer, raw, opened, placed)
    await write(work, placed)
    await work.journal.append([_entry(work, opened) for _, opened in fresh])
    await say(work, placed)
    await settle_repeats(work, repeats)


async def _fresh(work: Work, checked: Checked, repeats: Repeats) -> list[tuple[bytes, Opened]]:
    ids = {opened.header.envelope_id for _, _, opened in checked.envelopes}
    known = await work.envelopes.find(ids)
    fresh = []
    for position, raw, opened in checked.envelopes:
        record = _record(work, raw, opened)
        earlier = known.setdefault(opened.header.envelope_id, record)
        if earlier is record:
            fresh.append((raw, opened))
        elif earlier.digest != opened.digest and (_passes_on(work, opened) or not repeats.note(record, earlier)):
            checked.refused[position] = Ground.DIGEST_DIFFERS
    return fresh


def _passes_on(work: Work, opened: Opened) -> bool:
    """Tells whether this node relays it to others. It cannot speak for them: the sender has to ask each of them what became of it."""
    own = work.keys.node_id
    return work.directory.nodes[own].centre and not {own} >= set(opened.nodes)


def _record(work: Work, raw: bytes, opened: Opened) -> EnvelopeRecord:
    return EnvelopeRecord(
        envelope_id=opened.header.envelope_id,
        role=Role.RELAYED if opened.content is None else Role.RECEIVED,
        digest=opened.digest,
        message_digest=content_digest(message_of(opened, opened.content, "")) if opened.content else None,
        raw=raw,
        sender_node=opened.header.sender_node,
        topic=opened.header.topic,
        receipts=False,
        accept_time=work.clock(),
    )


def _place(work: Work, peer: str, raw: bytes, opened: Opened, placed: Placed) -> None:
    """Puts an envelope where it belongs: into the queues of other nodes, and to the service here it is for."""
    header = opened.header
    name = "exchange.relay" if opened.content is None else "exchange.accept"
    with span(name, scope="bp_exchange", traceparent=header.traceparent, kind=SpanKind.CONSUMER):
        record = _record(work, b"", opened)
        if work.directory.nodes[work.keys.node_id].centre:
            _relay(work, len(raw), opened, record, placed)
        if opened.content is not None:
            _deliver(work, opened, opened.content, record, placed)
        _want_files(work, peer, opened, placed)


def _relay(work: Work, size: int, opened: Opened, record: EnvelopeRecord, placed: Placed) -> None:
    header = opened.header
    others = [node for node in dict.fromkeys(opened.nodes) if node not in (work.keys.node_id, header.sender_node)]
    for node in others:
        if work.directory.trusted(node):
            placed.queue.append(
                QueueItem(
                    peer=node,
                    urgency=urgency_of(header),
                    item_id=header.envelope_id,
                    body=None,
                    size=size,
                    thread=thread_of(header.sender_node, header.conversation),
                    expire_time=moment_of(header, "expire_time"),
                )
            )
            placed.hurried.append((node, overtaken_ids(header), urgency_of(header)))
            work.ring(bells.queue_of(node))
    # Revoked since, or served by another node now: the sender hears whom this relay cannot reach.
    lost = [name for name in header.recipients if not _reached(work, name, opened)]
    refused, traceparent = topics_pb2.DELIVERY_STATE_REFUSED, current_traceparent()
    placed.statements += [Statement(record, name, refused, _why_lost(work, name), traceparent) for name in lost]


def _why_lost(work: Work, name: str) -> str:
    return Ground.REVOKED_RECIPIENT if work.directory.revokes(name) else Ground.NOT_ADDRESSED


def _reached(work: Work, recipient: str, opened: Opened) -> bool:
    """Tells whether a node that can open the envelope serves the recipient; to its own units the sender delivers by itself."""
    node = work.directory.node_of(recipient)
    return node is not None and node.node_id in (*opened.nodes, opened.header.sender_node)


def _deliver(work: Work, opened: Opened, content: envelope_pb2.Content, record: EnvelopeRecord, placed: Placed) -> None:
    header = opened.header
    here = [name for name in header.recipients if work.directory.serves(work.keys.node_id, name)]
    accepted = topics_pb2.DELIVERY_STATE_ACCEPTED
    placed.rungs += [Rung(record.envelope_id, name, work.keys.node_id, accepted, record.accept_time) for name in here]
    message = message_of(opened, content, current_traceparent())
    if here:
        placed.deliveries.append(delivery_of(work, message))
    placed.statements += [Statement(record, name, accepted, traceparent=message.traceparent) for name in here]
    refused, ground = topics_pb2.DELIVERY_STATE_REFUSED, Ground.REVOKED_RECIPIENT.value
    gone = [name for name in header.recipients if work.directory.hosts(work.keys.node_id, name) and name not in here]
    placed.statements += [Statement(record, name, refused, ground, message.traceparent) for name in gone]


def message_of(opened: Opened, content: envelope_pb2.Content, traceparent: str) -> topics_pb2.Message:
    """Returns an envelope's message as its service gets it."""
    header = opened.header
    message = topics_pb2.Message(
        message_id=header.envelope_id,
        topic=header.topic,
        author=header.author,
        recipients=header.recipients,
        urgency=urgency_of(header),
        conversation=header.conversation,
        payload=content.payload,
        blobs=[key.blob for key in content.blobs],
        traceparent=traceparent,
    )
    if content.HasField("handling"):
        message.handling.CopyFrom(content.handling)
    if header.HasField("expire_time"):
        message.expire_time.CopyFrom(header.expire_time)
    if header.HasField("create_time"):
        message.create_time.CopyFrom(header.create_time)
    return message


def _want_files(work: Work, peer: str, opened: Opened, placed: Placed) -> None:
    keys = opened.content.blobs if opened.content else [envelope_pb2.BlobKey()] * len(opened.header.blobs)
    for sealed, key in zip(opened.header.blobs, keys, strict=True):
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


def _entry(work: Work, opened: Opened) -> log_pb2.LogEntry:
    event = log_pb2.LOG_EVENT_RELAYED if opened.content is None else log_pb2.LOG_EVENT_ACCEPTED
    entry = log_pb2.LogEntry(event=event, envelope_id=opened.header.envelope_id, digest=opened.digest)
    entry.event_time.FromDatetime(work.clock())
    return entry


async def _take_receipts(work: Work, checked: Checked) -> None:
    own = work.keys.node_id
    heard = [(receipt, signed) for _, receipt, signed in checked.receipts]
    await hear(work, [one for one in heard if one[1].to_node == own])
    passing = [one for one in heard if one[1].to_node != own and work.directory.trusted(one[1].to_node)]
    await work.queue.add([queued_receipt(work, signed) for _, signed in passing])
    await hear_lists(work, [(receipts, kept) for _, receipts, kept in checked.lists if receipts.to_node == own])
    await pass_on(work, checked)
