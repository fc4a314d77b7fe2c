"""What this node's services say of what was delivered to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    here = await _here(work, envelope)
    delivered = topics_pb2.DELIVERY_STATE_DELIVERED
    await _reach(work, here, [Statement(envelope, name, delivered, "", traceparent) for name in here])


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
    await _reach(work, here, [statement])


async def expire_delivery(work: Work, envelope_id: str) -> None:
    """States that a message's time passed before its service had it."""
    envelope = (await work.envelopes.find([envelope_id]))[envelope_id]
    here = await _here(work, envelope)
    await _reach(work, here, [Statement(envelope, name, topics_pb2.DELIVERY_STATE_EXPIRED) for name in here])


async def _here(work: Work, envelope: EnvelopeRecord) -> dict[str, Rung]:
    """Returns the rungs of the recipients that this node serves."""
    rungs = await work.ladder.of([envelope.envelope_id])
    return {rung.recipient: rung for rung in rungs.values() if rung.node_id == work.keys.node_id}


async def _reach(work: Work, here: Mapping[str, Rung], statements: Sequence[Statement]) -> None:
    """States each rung once; of its own envelopes a node needs no receipt to climb."""
    new = [one for one in statements if climbs(here[one.recipient].state, one.state)]
    foreign = [one for one in new if one.envelope.sender_node != work.keys.node_id]
    await work.ladder.set([_rung(work, here[one.recipient], one) for one in foreign])
    await state(work, new)


def _rung(work: Work, rung: Rung, reached: Statement) -> Rung:
    return Rung(rung.envelope_id, rung.recipient, rung.node_id, reached.state, work.clock(), reached.ground)
