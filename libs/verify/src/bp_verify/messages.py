"""How a message of a version 2 envelope hangs on its seals, and what a list of receipts says of it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from bluepacific.exchange.v1 import envelope_pb2
from bp_verify.merkle import leaf_hash

_SAID = b"bluepacific/2 said\0"
# The year 10000.
_MILLIS = 253402300800000
# What a relay states is of all recipients at a node.
NODES = "nodes/"


def envelope_id_of(sender_node: str, incarnation: bytes, sequence: int) -> str:
    """Returns the id of the envelope that a sender numbered so; it need not travel, and no other can have it."""
    named = hashlib.sha256(sender_node.encode() + b"\0" + incarnation + sequence.to_bytes(8)).digest()
    return str(uuid.UUID(bytes=named[:16]))


def salted(salt: bytes, text: bytes) -> bytes:
    """Returns the digest of a message's head or content, from which it cannot be guessed."""
    return hashlib.sha256(salt + text).digest()


def message_leaf(head_digest: bytes, content_digest: bytes) -> bytes:
    """Returns the hash of a message's leaf in its envelope's tree."""
    return leaf_hash(head_digest + content_digest)


@dataclass(frozen=True)
class Said:
    """What a list of receipts says of one message, or of all of an envelope.

    Attributes:
        envelope_id: The envelope.
        position: The message's place in it; None for all.
        recipient: At whom.
        state: A number of `DeliveryState`.
        millis: When, in milliseconds since 1970.
        ground: Why.
        trace: Of the act, as bytes.
    """

    envelope_id: str
    position: int | None
    recipient: str
    state: int
    millis: int
    ground: str
    trace: bytes

    def digest(self, message_id: str) -> bytes:
        """Returns what a node's log keeps of it, said of that message."""
        parts = (message_id, self.recipient, self.ground)
        texts = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
        return hashlib.sha256(_SAID + self.state.to_bytes(4) + self.millis.to_bytes(8, signed=True) + texts).digest()


def said_by(receipts: envelope_pb2.Receipts) -> Iterator[Said]:
    """Yields what a list says, one by one. What asks for the key of an epoch is passed over.

    Raises:
        ValueError: It makes no sense.
    """
    for stated in receipts.stated:
        yield from said_of(stated)


def said_of(stated: envelope_pb2.Stated) -> Iterator[Said]:
    """Yields what one statement of a list says, message by message.

    Raises:
        ValueError: It makes no sense.
    """
    if stated.epoch:
        return
    envelope_id = str(uuid.UUID(bytes=stated.envelope_id))
    of_all = not stated.messages
    delays = stated.delays or [0] * (len(stated.messages) or 1)
    millis, position = stated.state_millis, 0
    for gap, delay in zip(stated.messages or [0], delays, strict=True):
        millis, position = millis + delay, position + gap
        if not 0 <= millis < _MILLIS:
            raise ValueError("a moment out of range")
        at = None if of_all else position
        yield Said(envelope_id, at, stated.recipient, stated.state, millis, stated.ground, stated.trace)
