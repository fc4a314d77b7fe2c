"""What this node's services say of what was delivered to them."""

from __future__ import annotations

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.receipt import climbs
from bp_exchange.usecases.records import EnvelopeRecord, Rung
from bp_exchange.usecases.stating import Statement, state
from bp_exchange.usecases.work import Work
from bp_kit.errors import Refused


async def acknowledge(work: Work, service: str, delivery_id: str, traceparent: str) -> None:
    """Ends a delivery; of a message, its sender hears that it took effect. Repeating it is harmless."""
    delivery = await work.deliveries.take(service, delivery_id)
    if delivery is None or not delivery.envelope_id:
        return
    envelope = (await work.envelopes.find([delivery.envelope_id]))[delivery.envelope_id]
    for recipient in await _here(work, envelope):
        await _reach(work, Statement(envelope, recipient, topics_pb2.DELIVERY_STATE_DELIVERED, "", traceparent))


async def report(work: Work, request: topics_pb2.ReportRequest) -> None:
    """States what people here did with a message.

    Raises:
        Refused: NOT_FOUND: no such message is here for that recipient.
    """
    envelope = (await work.envelopes.find([request.message_id])).get(request.message_id)
    here = await _here(work, envelope) if envelope else {}
    if envelope is None or request.recipient not in here:
        raise Refused("NOT_FOUND", name=request.message_id)
    statement = Statement(envelope, request.recipient, request.state, request.ground, request.traceparent)
    await _reach(work, statement)


async def expire_delivery(work: Work, envelope_id: str) -> None:
    """States that a message's time passed before its service had it."""
    envelope = (await work.envelopes.find([envelope_id]))[envelope_id]
    for recipient in await _here(work, envelope):
        await _reach(work, Statement(envelope, recipient, topics_pb2.DELIVERY_STATE_EXPIRED))


async def _here(work: Work, envelope: EnvelopeRecord) -> dict[str, Rung]:
    """Returns the rungs of the recipients that this node serves."""
    rungs = await work.ladder.of(envelope.envelope_id)
    return {recipient: rung for recipient, rung in rungs.items() if rung.node_id == work.keys.node_id}


async def _reach(work: Work, statement: Statement) -> None:
    """States a rung once; of its own envelopes a node needs no receipt to climb."""
    envelope = statement.envelope
    if envelope.sender_node != work.keys.node_id:
        rung = (await work.ladder.of(envelope.envelope_id))[statement.recipient]
        if not climbs(rung.state, statement.state):
            return
        reached = Rung(
            envelope.envelope_id, statement.recipient, rung.node_id, statement.state, work.clock(), statement.ground
        )
        await work.ladder.set(reached)
    await state(work, [statement])
