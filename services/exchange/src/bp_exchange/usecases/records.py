"""What the exchange remembers, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What an envelope is to this node."""

    SENT = "SENT"
    RECEIVED = "RECEIVED"
    RELAYED = "RELAYED"


@dataclass(frozen=True)
class EnvelopeRecord:
    """An envelope this node knows; the names are those of the proto's header."""

    envelope_id: str
    role: Role
    digest: bytes
    message_digest: bytes | None
    raw: bytes | None
    sender_node: str
    topic: str
    receipts: bool
    accept_time: datetime


@dataclass(frozen=True)
class Rung:
    """How far an envelope got at one recipient.

    Attributes:
        envelope_id: The envelope.
        recipient: As its sender named it.
        node_id: The recipient's node.
        state: A number of `DeliveryState`.
        state_time: When.
        ground: Why, for REFUSED.
    """

    envelope_id: str
    recipient: str
    node_id: str
    state: int
    state_time: datetime
    ground: str = ""


@dataclass(frozen=True)
class QueueItem:
    """Something owed to a peer.

    Attributes:
        peer: The next node on its way.
        urgency: A number of `Urgency`, 1 the soonest.
        item_id: The envelope's id, or the receipt's.
        body: The signed receipt; None for an envelope, whose bytes stand once for all peers.
        size: Bytes it takes on the link.
        thread: Items of one thread keep their order.
        expire_time: After this it is worthless.
        position: Its place in the queue; 0 before it has one.
    """

    peer: str
    urgency: int
    item_id: str
    body: bytes | None
    size: int
    thread: str
    expire_time: datetime | None
    position: int = 0


@dataclass(frozen=True)
class DeliveryRecord:
    """Something for a service of this node; `content` is a serialised Delivery."""

    delivery_id: str
    service: str
    envelope_id: str
    content: bytes
    expire_time: datetime | None
    position: int = 0


@dataclass(frozen=True)
class SealedFile:
    """A file's ciphertext, by SHA-256 and size."""

    digest: str
    size: int


@dataclass(frozen=True)
class WantedFile:
    """A file that was announced.

    Attributes:
        sealed: Its ciphertext.
        peer: Who has it.
        urgency: Of the envelope that announced it.
        key: Opens it; None at a relay.
        plain_digest: SHA-256 of the file itself; empty at a relay.
        plain_size: Its size.
    """

    sealed: SealedFile
    peer: str
    urgency: int
    key: bytes | None = None
    plain_digest: str = ""
    plain_size: int = 0


@dataclass(frozen=True)
class InvitationRecord:
    """Who may enrol with a secret, and what it was used for."""

    secret_sha256: str
    node_id: str
    countries: tuple[str, ...]
    door: bytes
    expire_time: datetime
    request_digest: bytes | None = None
    certificate: bytes | None = None


@dataclass(frozen=True)
class LinkNumbers:
    """What is owed to a peer, and what was last seen of it."""

    waiting: dict[int, int]
    set_aside: int
    oldest: datetime | None
    last_contact: datetime | None
    drift_millis: int


@dataclass(frozen=True)
class AsideItem:
    """An item that was taken out of its lane.

    Attributes:
        peer: To whom it is owed.
        item_id: The envelope's id, or the receipt's.
        receipt: It is a receipt.
        urgency: A number of `Urgency`.
        size: Bytes it takes on the link.
        queue_time: When it was queued.
        aside_time: When it was set aside; None where an older release did it.
        ground: Why: the peer's coded ground, or BY_HAND.
        reason: What the person gave who did it by hand.
    """

    peer: str
    item_id: str
    receipt: bool
    urgency: int
    size: int
    queue_time: datetime
    aside_time: datetime | None
    ground: str
    reason: str
