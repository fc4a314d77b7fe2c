"""Lists of receipts: many statements to one node under one signature, for messages of version 2 envelopes.

A list is signed as the bytes that travel (or that the compressed bytes become), and kept whole: it is small, and what it says of one
message is found in it by the message's place in its envelope.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence

from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import envelope_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.compression import compress, decompress
from bp_exchange.protocol.epoch import EPOCH_BYTES
from bp_exchange.protocol.keys import NodeKeys
from bp_exchange.protocol.names import is_name, is_node_id
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_exchange.protocol.register import Directory
from bp_exchange.protocol.trace import TRACE_BYTES
from bp_verify.messages import NODES, said_by, said_of
from bp_verify.seals import receipts_signed, signed_by

VERSION = 2
MAX_LIST_BYTES = 512 * 1024
_MAX_STATED = 10_000
_MAX_MESSAGES = 100_000
_ID_BYTES = 16
_DELAY = 2**31
# A relay that drops something says so; everything else only the recipient's node can know.
_OF_A_RELAY = (topics_pb2.DELIVERY_STATE_REFUSED, topics_pb2.DELIVERY_STATE_EXPIRED)

# A statement with the moment and place it is about: (of everything else, milliseconds, place or None for all).
Moment = tuple[int, int | None]


def merged(stated: Iterable[envelope_pb2.Stated]) -> list[envelope_pb2.Stated]:
    """Returns statements with those together that differ in messages and moments only."""
    groups: dict[bytes, list[Moment]] = {}
    for one in stated:
        same = envelope_pb2.Stated()
        same.CopyFrom(one)
        for field in ("messages", "delays", "state_millis"):
            same.ClearField(field)
        moments = [(said.millis, said.position) for said in said_of(one)] or [(one.state_millis, None)]
        groups.setdefault(same.SerializeToString(deterministic=True), []).extend(moments)
    return [joined for raw, moments in groups.items() for joined in _joined(raw, moments)]


def _joined(raw: bytes, moments: Sequence[Moment]) -> Iterable[envelope_pb2.Stated]:
    for millis, place in moments:
        if place is None:
            yield _group(raw, millis)
    placed = sorted({place: millis for millis, place in moments if place is not None}.items())
    if not placed:
        return
    group = _group(raw, placed[0][1])
    delays, before, last = [], 0, placed[0][1]
    for place, millis in placed:
        if not -_DELAY <= millis - last < _DELAY:
            # Weeks apart: a statement of its own.
            yield _group(raw, millis, place)
            continue
        group.messages.append(place - before)
        delays.append(millis - last)
        before, last = place, millis
    if any(delays):
        group.delays.extend(delays)
    yield group


def _group(raw: bytes, millis: int, *places: int) -> envelope_pb2.Stated:
    group = envelope_pb2.Stated.FromString(raw)
    group.state_millis = millis
    group.messages.extend(places)
    return group


def sign_list(
    stated: Iterable[envelope_pb2.Stated], *, keys: NodeKeys, to_node: str
) -> tuple[envelope_pb2.SignedReceipts, envelope_pb2.SignedReceipts]:
    """Signs statements to a node. Returns the list as it is kept and as it travels."""
    receipts = envelope_pb2.Receipts(version=VERSION, node=keys.node_id, to_node=to_node, stated=merged(stated))
    raw = receipts.SerializeToString(deterministic=True)
    kept = envelope_pb2.SignedReceipts(receipts=raw, signature=keys.sign.sign(receipts_signed(raw)))
    compressed = compress(raw)
    if len(compressed) >= len(raw):
        return kept, kept
    return kept, envelope_pb2.SignedReceipts(compressed=compressed, signature=kept.signature)


def verify_list(
    signed: envelope_pb2.SignedReceipts, directory: Directory
) -> tuple[envelope_pb2.Receipts, envelope_pb2.SignedReceipts]:
    """Returns a list whose seal is its node's, and that says only what its node may say; then the same as it is kept.

    Raises:
        RefusedItemError: It will never be taken.
    """
    if len(signed.receipts) > MAX_LIST_BYTES or len(signed.compressed) > MAX_LIST_BYTES:
        raise RefusedItemError(Ground.TOO_LARGE)
    raw = signed.receipts or decompress(signed.compressed, MAX_LIST_BYTES)
    try:
        receipts = envelope_pb2.Receipts.FromString(raw)
    except DecodeError:
        raise RefusedItemError(Ground.MALFORMED) from None
    if receipts.version != VERSION:
        raise RefusedItemError(Ground.UNKNOWN_VERSION)
    node = directory.nodes.get(receipts.node)
    if node is None:
        raise RefusedItemError(Ground.UNKNOWN_SENDER)
    if node.revoked:
        raise RefusedItemError(Ground.REVOKED_SENDER)
    if not signed_by(node, signed.signature, receipts_signed(raw)):
        raise RefusedItemError(Ground.BAD_SEAL)
    _check(receipts)
    if not all(_may_say(one, receipts.node, directory, is_centre=node.centre) for one in receipts.stated):
        raise RefusedItemError(Ground.BAD_AUTHOR)
    return receipts, envelope_pb2.SignedReceipts(receipts=raw, signature=signed.signature)


def _check(receipts: envelope_pb2.Receipts) -> None:
    places = sum(len(one.messages) for one in receipts.stated)
    if len(receipts.stated) > _MAX_STATED or places > _MAX_MESSAGES:
        raise RefusedItemError(Ground.TOO_LARGE)
    if not is_node_id(receipts.to_node) or not all(_well_formed(one) for one in receipts.stated):
        raise RefusedItemError(Ground.MALFORMED)
    try:
        for _ in said_by(receipts):
            continue
    except ValueError:
        raise RefusedItemError(Ground.MALFORMED) from None


def _well_formed(stated: envelope_pb2.Stated) -> bool:
    if stated.epoch:
        return len(stated.epoch) == EPOCH_BYTES and len(stated.envelope_id) == _ID_BYTES
    return bool(
        len(stated.envelope_id) == _ID_BYTES
        and (is_name(stated.recipient) or _is_of_node(stated.recipient))
        and stated.state in topics_pb2.DeliveryState.values()[1:]
        and len(stated.trace) in (0, TRACE_BYTES)
        and re.fullmatch(r"[^\0]{0,100}", stated.ground, re.DOTALL)
    )


def _is_of_node(recipient: str) -> bool:
    return recipient.startswith(NODES) and is_node_id(recipient.removeprefix(NODES))


def _may_say(stated: envelope_pb2.Stated, node_id: str, directory: Directory, *, is_centre: bool) -> bool:
    if stated.epoch:
        return True
    if stated.recipient.startswith(NODES):
        is_own = stated.recipient == NODES + node_id
        return stated.state in _OF_A_RELAY and (is_own or is_centre)
    return directory.hosts(node_id, stated.recipient)


def list_id(kept: envelope_pb2.SignedReceipts, batch_id: str = "") -> str:
    """Returns the id by which a list stands in queues, or, with an envelope's id, is kept for that envelope."""
    return str(uuid.UUID(bytes=hashlib.sha256(kept.receipts + batch_id.encode()).digest()[:16]))
