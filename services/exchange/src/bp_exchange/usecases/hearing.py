"""Lists of receipts from other nodes: what they say of this node's messages, and which epochs' keys they ask for."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bluepacific.exchange.v1 import envelope_pb2, log_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.receipt_list import list_id
from bp_exchange.protocol.trace import unpacked
from bp_exchange.usecases.granting import grant_again
from bp_exchange.usecases.records import EnvelopeRecord, Role, Rung
from bp_exchange.usecases.refusals import At, mendable
from bp_exchange.usecases.stating import reach, said_entry
from bp_exchange.usecases.work import Work
from bp_verify.messages import NODES, Said, said_by

Heard = tuple[envelope_pb2.Receipts, envelope_pb2.SignedReceipts]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def hear_lists(work: Work, heard: Sequence[Heard]) -> None:
    """Takes verified lists for this node. What it never sent, or has heard already, changes nothing."""
    for receipts, signed in heard:
        await _hear(work, receipts, signed)
        missing = dict.fromkeys(one.epoch.hex() for one in receipts.stated if one.epoch)
        await grant_again(work, receipts.node, list(missing))


async def _hear(work: Work, receipts: envelope_pb2.Receipts, signed: envelope_pb2.SignedReceipts) -> None:
    about = {str(uuid.UUID(bytes=one.envelope_id)) for one in receipts.stated if not one.epoch}
    rows = {list_id(signed, batch_id): batch_id for batch_id in sorted(about)}
    fresh = set(rows.values()) - {rows[known] for known in await work.receipts.known(list(rows))}
    messages = [one for one in await work.envelopes.of_batches(fresh) if one.role == Role.SENT]
    rungs = await work.ladder.of([one.envelope_id for one in messages])
    told = list(_told(receipts, _by_place(messages), rungs))
    spoken = {at: rung for at, rung in rungs.items() if rung.node_id == receipts.node}
    mended = await mendable(work, {at: rung for at, rung in spoken.items() if at in {_at(one) for one in told}})
    await reach(work, [(record, _receipt(record, said)) for record, said in told], mended)
    kept = signed.SerializeToString(deterministic=True)
    known_batches = {one.batch_id for one in messages}
    await work.receipts.add_lists(
        [(row, batch_id, kept) for row, batch_id in rows.items() if batch_id in known_batches]
    )
    heard = log_pb2.LOG_EVENT_HEARD
    await work.journal.append([said_entry(work, heard, record.envelope_id, said) for record, said in told])


def _by_place(messages: Sequence[EnvelopeRecord]) -> dict[str, list[EnvelopeRecord]]:
    found: dict[str, list[EnvelopeRecord]] = {}
    for one in messages:
        found.setdefault(one.batch_id, []).append(one)
    return found


def _told(
    receipts: envelope_pb2.Receipts, messages: Mapping[str, Sequence[EnvelopeRecord]], rungs: Mapping[At, Rung]
) -> Iterator[tuple[EnvelopeRecord, Said]]:
    for said in said_by(receipts):
        batch = messages.get(said.envelope_id, ())
        if said.position is None:
            meant: Collection[EnvelopeRecord] = batch
        else:
            meant = batch[said.position : said.position + 1]
        for record in meant:
            for recipient in _recipients(record, said, rungs):
                yield (
                    record,
                    Said(said.envelope_id, said.position, recipient, said.state, said.millis, said.ground, said.trace),
                )


def _recipients(record: EnvelopeRecord, said: Said, rungs: Mapping[At, Rung]) -> list[str]:
    """A relay knows nodes only; whom it means is in this node's ladder."""
    if not said.recipient.startswith(NODES):
        return [said.recipient] if (record.envelope_id, said.recipient) in rungs else []
    node_id = said.recipient.removeprefix(NODES)
    return [at[1] for at, rung in rungs.items() if at[0] == record.envelope_id and rung.node_id == node_id]


def _at(told: tuple[EnvelopeRecord, Said]) -> At:
    return told[0].envelope_id, told[1].recipient


def _receipt(record: EnvelopeRecord, said: Said) -> topics_pb2.Receipt:
    receipt = topics_pb2.Receipt(
        message_id=record.envelope_id,
        recipient=said.recipient,
        state=topics_pb2.DeliveryState.ValueType(said.state),
        ground=said.ground,
        traceparent=unpacked(said.trace),
    )
    receipt.state_time.FromDatetime(_EPOCH + timedelta(milliseconds=said.millis))
    return receipt
