"""Taking a message from a service of this node: sealed once for all the nodes it is for, queued, and delivered here at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import envelope_pb2, log_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.envelope import header_of, seal
from bp_exchange.protocol.names import is_moment, service_of
from bp_exchange.protocol.register import Directory
from bp_exchange.usecases import bells
from bp_exchange.usecases.drafting import FileKey, Route, content_of, draft_of, drafted
from bp_exchange.usecases.mixing import follow, is_late, seal_before
from bp_exchange.usecases.records import DeliveryRecord, EnvelopeRecord, QueueItem, Role, Rung
from bp_exchange.usecases.sealing import overtaken_ids
from bp_exchange.usecases.stating import Statement, receipt_of, told
from bp_exchange.usecases.work import Envelopes, Work
from bp_kit.errors import Refused
from bp_kit.names import country_of


def route_of(message: topics_pb2.Message, directory: Directory, own: str) -> Route:
    """Returns where a message goes.

    Raises:
        Refused: COUNTRY_NOT_REGISTERED; INVALID_FIELD when the author's country is another node's, or a moment cannot be.
    """
    if not directory.serves(own, message.author):
        raise Refused("INVALID_FIELD", field="message.author", description="its country is not of this node")
    for field in ("expire_time", "create_time"):
        if not is_moment(getattr(message, field)):
            raise Refused("INVALID_FIELD", field=f"message.{field}", description="is out of range")
    nodes = {}
    for recipient in directory.expand(message.recipients):
        node = directory.node_of(recipient)
        if node is None:
            raise Refused("COUNTRY_NOT_REGISTERED", field="message.recipients", country=country_of(recipient))
        nodes[recipient] = node.node_id
    return Route(nodes, own)


async def find_sent(envelopes: Envelopes, message: topics_pb2.Message) -> datetime | None:
    """Returns when this very message was taken before; None when it is new.

    Raises:
        Refused: MESSAGE_ID_REUSED.
    """
    known = (await envelopes.find([message.message_id])).get(message.message_id)
    if known is None:
        return None
    if known.message_digest != digest_of(message):
        raise Refused("MESSAGE_ID_REUSED", field="message.message_id")
    return known.accept_time


def digest_of(message: topics_pb2.Message) -> bytes:
    """Returns what tells a message from another of the same id."""
    return hashlib.sha256(message.SerializeToString(deterministic=True)).digest()


async def send(work: Work, message: topics_pb2.Message, files: Sequence[FileKey], traceparent: str) -> datetime:
    """Takes a message.

    Args:
        work: The transaction.
        message: As its service wrote it.
        files: Its files, encrypted, in the order of `message.blobs`; none when it stays here.
        traceparent: Of the act of sending.

    Returns:
        When it was taken.

    Raises:
        Refused: MESSAGE_ID_REUSED, COUNTRY_NOT_REGISTERED, INVALID_FIELD.
    """
    earlier = await find_sent(work.envelopes, message)
    if earlier is not None:
        return earlier
    route = route_of(message, work.directory, work.keys.node_id)
    raw = inside = None
    thread = thread_of(route.own, message.conversation)
    if await is_late(work, route, thread):
        inside = drafted(message, route, files, traceparent)
    elif route.others:
        raw = await _sealed(work, message, route, files, traceparent)
    record = _record(work, message, raw, inside)
    if not await work.envelopes.add([record]):
        # Another call with the same id was quicker.
        return await find_sent(work.envelopes, message) or record.accept_time
    await work.journal.append([_entry(record)])
    await work.files.add_sealed([file.sealed for file in files])
    await _queue(work, message, record, route)
    await _begin_ladder(work, record, route)
    if route.at(route.own):
        await work.deliveries.add([delivery_of(work, _delivered(message, route, traceparent))])
    return record.accept_time


async def _begin_ladder(work: Work, record: EnvelopeRecord, route: Route) -> None:
    rungs, tell = [], []
    for recipient, node in route.nodes.items():
        here = node == route.own
        first = topics_pb2.DELIVERY_STATE_ACCEPTED if here else topics_pb2.DELIVERY_STATE_QUEUED
        rungs.append(Rung(record.envelope_id, recipient, node, first, record.accept_time))
        if record.receipts:
            tell.append(told(work, record.topic, receipt_of(work, Statement(record, recipient, first))))
    await work.ladder.add(rungs)
    await work.deliveries.add(tell)


async def _sealed(
    work: Work, message: topics_pb2.Message, route: Route, files: Sequence[FileKey], traceparent: str
) -> bytes:
    thread = thread_of(route.own, message.conversation)
    await seal_before(work, thread)
    incarnation, sequence = await work.journal.next_sequence()
    header = envelope_pb2.EnvelopeHeader(
        envelope_id=message.message_id,
        incarnation=incarnation,
        sequence=sequence,
        author=message.author,
        recipients=list(route.nodes),
        topic=message.topic,
        urgency=urgency_of(message),
        conversation=message.conversation,
        blobs=[envelope_pb2.SealedBlob(digest=one.sealed.digest, size_bytes=one.sealed.size) for one in files],
        traceparent=traceparent,
    )
    _copy_moment(message, header, "expire_time")
    _copy_moment(message, header, "create_time")
    await follow(work, header, thread)
    content = content_of(message, files)
    nodes = [(node_id, work.directory.nodes[node_id].hpke_key) for node_id in route.others]
    return seal(header, content, keys=work.keys, nodes=nodes, random=work.random)


def _record(work: Work, message: topics_pb2.Message, raw: bytes | None, inside: bytes | None) -> EnvelopeRecord:
    message_digest = digest_of(message)
    return EnvelopeRecord(
        envelope_id=message.message_id,
        role=Role.SENT,
        digest=hashlib.sha256(raw).digest() if raw else message_digest,
        message_digest=message_digest,
        raw=raw,
        sender_node=work.keys.node_id,
        topic=message.topic,
        receipts=message.receipts,
        accept_time=work.clock(),
        inside=inside,
        thread=thread_of(work.keys.node_id, message.conversation),
    )


def _entry(record: EnvelopeRecord) -> log_pb2.LogEntry:
    entry = log_pb2.LogEntry(
        event=log_pb2.LOG_EVENT_SENT, envelope_id=record.envelope_id, digest=record.digest if record.raw else b""
    )
    entry.event_time.FromDatetime(record.accept_time)
    return entry


async def _queue(work: Work, message: topics_pb2.Message, record: EnvelopeRecord, route: Route) -> None:
    if not route.others:
        return
    peers = list(dict.fromkeys(work.directory.next_hop(route.own, node) for node in route.others))
    await work.queue.add(
        [
            QueueItem(
                peer=peer,
                urgency=urgency_of(message),
                item_id=record.envelope_id,
                body=None,
                size=len(record.raw or record.inside or b""),
                thread=thread_of(route.own, message.conversation),
                expire_time=moment_of(message, "expire_time"),
                draft=draft_of(message, route) if record.inside else "",
            )
            for peer in peers
        ]
    )
    if record.raw:
        overtaken = overtaken_ids(header_of(record.raw))
        for peer in peers:
            await work.queue.hurry(peer, overtaken, urgency_of(message))
    work.ring_all(bells.queue_of(peer) for peer in peers)


def _delivered(message: topics_pb2.Message, route: Route, traceparent: str) -> topics_pb2.Message:
    delivered = topics_pb2.Message()
    delivered.CopyFrom(message)
    delivered.traceparent = traceparent
    del delivered.recipients[:]
    delivered.recipients.extend(route.nodes)
    return delivered


def delivery_of(work: Work, message: topics_pb2.Message) -> DeliveryRecord:
    """Returns a message as a delivery to the service whose topic it is."""
    service = service_of(message.topic)
    delivery = topics_pb2.Delivery(delivery_id=message.message_id, message=message)
    delivery.accept_time.FromDatetime(work.clock())
    work.ring(bells.deliveries_of(service))
    return DeliveryRecord(
        delivery_id=message.message_id,
        service=service,
        envelope_id=message.message_id,
        content=delivery.SerializeToString(deterministic=True),
        expire_time=moment_of(message, "expire_time"),
    )


def urgency_of(message: topics_pb2.Message | envelope_pb2.EnvelopeHeader) -> handling_pb2.Urgency.ValueType:
    """Returns how soon it must travel; ROUTINE where nothing known is said."""
    known = message.urgency in handling_pb2.Urgency.values()[1:]
    return message.urgency if known else handling_pb2.URGENCY_ROUTINE


def moment_of(message: topics_pb2.Message | envelope_pb2.EnvelopeHeader, field: str) -> datetime | None:
    """Returns a moment, or None where it is not set."""
    if not message.HasField(field):  # type: ignore[arg-type] # the names are the callers'
        return None
    moment: Timestamp = getattr(message, field)
    return moment.ToDatetime(tzinfo=UTC)


def thread_of(sender_node: str, conversation: str) -> str:
    """Returns what keeps its order: a sender's conversation; messages without one keep none."""
    return f"{sender_node}/{conversation}" if conversation else ""


def _copy_moment(message: topics_pb2.Message, header: envelope_pb2.EnvelopeHeader, field: str) -> None:
    if message.HasField(field):  # type: ignore[arg-type] # as above
        getattr(header, field).CopyFrom(getattr(message, field))
