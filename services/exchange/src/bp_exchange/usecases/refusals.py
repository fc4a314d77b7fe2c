"""Whose REFUSED is the last word: the recipient's own. What a relay, or this node, concluded from a peer's refusal can be mended."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bluepacific.exchange.v1 import envelope_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.usecases.records import Rung
from bp_exchange.usecases.work import Receipts, Work
from bp_verify.messages import said_by

At = tuple[str, str]


async def mendable(work: Work, rungs: Mapping[At, Rung]) -> set[At]:
    """Returns which rungs, by (envelope, recipient), stand at REFUSED without their recipient's node having said so."""
    refused = topics_pb2.DELIVERY_STATE_REFUSED
    standing = {at: rung for at, rung in rungs.items() if rung.state == refused}
    if not standing:
        return set()
    ids = {envelope_id for envelope_id, _ in standing}
    return set(standing) - await _said(work.receipts, ids, standing) - await _listed(work, ids, standing)


async def _listed(work: Work, message_ids: Collection[str], standing: Mapping[At, Rung]) -> set[At]:
    messages = (await work.envelopes.find(message_ids)).values()
    by_place = {(one.batch_id, one.batch_index): one.envelope_id for one in messages if one.batch_id}
    said = set()
    for signed in await work.receipts.lists_of({batch_id for batch_id, _ in by_place}):
        receipts = envelope_pb2.Receipts.FromString(signed.receipts)
        for one in said_by(receipts):
            at = (by_place.get((one.envelope_id, one.position or 0), ""), one.recipient)
            is_refused = one.state == topics_pb2.DELIVERY_STATE_REFUSED
            if is_refused and at in standing and receipts.node == standing[at].node_id:
                said.add(at)
    return said


async def _said(receipts: Receipts, envelope_ids: Collection[str], standing: Mapping[At, Rung]) -> set[At]:
    said = set()
    for signed in await receipts.of(envelope_ids):
        receipt = topics_pb2.Receipt.FromString(signed.receipt)
        at = (receipt.message_id, receipt.recipient)
        is_refused = receipt.state == topics_pb2.DELIVERY_STATE_REFUSED
        if is_refused and at in standing and signed.node == standing[at].node_id:
            said.add(at)
    return said
