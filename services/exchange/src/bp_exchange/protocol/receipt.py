"""Receipts: signed statements of what happened to an envelope, by the node where it happened."""

from __future__ import annotations

import re

from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import envelope_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.keys import NodeKeys
from bp_exchange.protocol.names import is_id, is_moment, is_name, is_traceparent
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_exchange.protocol.register import Directory
from bp_verify.seals import receipt_signed, signed_by

# A relay that drops something says so; everything else only the recipient's node can know.
_OF_A_RELAY = (topics_pb2.DELIVERY_STATE_REFUSED, topics_pb2.DELIVERY_STATE_EXPIRED)
_FINAL = (topics_pb2.DELIVERY_STATE_REFUSED, topics_pb2.DELIVERY_STATE_EXPIRED, topics_pb2.DELIVERY_STATE_RECALLED)


def sign_receipt(
    receipt: topics_pb2.Receipt, *, keys: NodeKeys, to_node: str, receipt_id: str
) -> envelope_pb2.SignedReceipt:
    """Returns the receipt, signed by this node."""
    raw = receipt.SerializeToString(deterministic=True)
    return envelope_pb2.SignedReceipt(
        receipt=raw,
        node=keys.node_id,
        signature=keys.sign.sign(receipt_signed(raw)),
        to_node=to_node,
        receipt_id=receipt_id,
    )


def verify_receipt(signed: envelope_pb2.SignedReceipt, directory: Directory) -> topics_pb2.Receipt:
    """Returns a receipt whose seal is its node's, and whose node speaks for the recipient, or is the relay that could not pass it on.

    Raises:
        RefusedItemError: It will never be taken.
    """
    node = directory.nodes.get(signed.node)
    if node is None:
        raise RefusedItemError(Ground.UNKNOWN_SENDER)
    if node.revoked:
        raise RefusedItemError(Ground.REVOKED_SENDER)
    if not signed_by(node, signed.signature, receipt_signed(signed.receipt)):
        raise RefusedItemError(Ground.BAD_SEAL)
    try:
        receipt = topics_pb2.Receipt.FromString(signed.receipt)
    except DecodeError:
        raise RefusedItemError(Ground.MALFORMED) from None
    if not _well_formed(signed, receipt):
        raise RefusedItemError(Ground.MALFORMED)
    if not directory.hosts(signed.node, receipt.recipient) and not (node.centre and receipt.state in _OF_A_RELAY):
        raise RefusedItemError(Ground.BAD_AUTHOR)
    return receipt


def _well_formed(signed: envelope_pb2.SignedReceipt, receipt: topics_pb2.Receipt) -> bool:
    return bool(
        is_id(signed.receipt_id)
        and is_id(receipt.message_id)
        and is_name(receipt.recipient)
        and is_traceparent(receipt.traceparent)
        and is_moment(receipt.state_time)
        and receipt.state in topics_pb2.DeliveryState.values()
        and re.fullmatch(r"[^\0]{0,100}", receipt.ground, re.DOTALL)
    )


def climbs(current: int, reached: int) -> bool:
    """Tells whether a rung is above the one reached so far: the ladder only climbs, and its ends are final."""
    return current not in _FINAL and reached > current
