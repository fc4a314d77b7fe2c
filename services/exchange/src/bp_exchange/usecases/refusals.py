"""Whose REFUSED is the last word: the recipient's own. What a relay, or this node, concluded from a peer's refusal can be mended."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.usecases.records import Rung
from bp_exchange.usecases.work import Receipts

At = tuple[str, str]


async def mendable(receipts: Receipts, rungs: Mapping[At, Rung]) -> set[At]:
    """Returns which rungs, by (envelope, recipient), stand at REFUSED without their recipient's node having said so."""
    refused = topics_pb2.DELIVERY_STATE_REFUSED
    standing = {at: rung for at, rung in rungs.items() if rung.state == refused}
    if not standing:
        return set()
    return set(standing) - await _said(receipts, {envelope_id for envelope_id, _ in standing}, standing)


async def _said(receipts: Receipts, envelope_ids: Collection[str], standing: Mapping[At, Rung]) -> set[At]:
    said = set()
    for signed in await receipts.of(envelope_ids):
        receipt = topics_pb2.Receipt.FromString(signed.receipt)
        at = (receipt.message_id, receipt.recipient)
        is_refused = receipt.state == topics_pb2.DELIVERY_STATE_REFUSED
        if is_refused and at in standing and signed.node == standing[at].node_id:
            said.add(at)
    return said
