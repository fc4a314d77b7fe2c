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
    """An envelope of version 1, or a message of one of version 2, that this node knows; the names are those of the proto's header.

    Attributes:
        batch_id: The envelope of version 2 it is in; empty before it is sealed, and for version 1.
        batch_index: Its place there; -1 where the record stands for the envelope itself.
        inside: Of version 2: a serialised KeptMessage.
        thread: What keeps its order, for what this node sent.
    """

    envelope_id: str
    role: Role
    digest: bytes
    message_digest: bytes | None
    raw: bytes | None
    sender_node: str
    topic: str
    receipts: bool
    accept_time: datetime
    batch_id: str = ""
    batch_index: int = 0
    inside: bytes | None = None
    thread: str = ""


@dataclass(frozen=True)
class BatchRecord:
    """An envelope of version 2 this node knows.

    Attributes:
        envelope_id: Its id.
        role: What it is to this node.
        digest: SHA-256 of what the outer seal is over.
        raw: As it travels, if its bytes are here.
        seals: A serialised KeptSeals.
        sender_node: Who sent it.
        peer: Who brought it.
        incarnation: The sender's.
        sequence: Of the sender within it.
        urgency: A number of `Urgency`.
        awaited: The epoch whose key it waits for, in hexadecimal.
        accept_time: When it was stored.
    """

    envelope_id: str
    role: Role
    digest: bytes
    raw: bytes | None
    seals: bytes
    sender_node: str
    peer: str
    incarnation: str
    sequence: int
    urgency: int
    awaited: str
    accept_time: datetime


@dataclass(frozen=True)
class GivenEpoch:
    """An epoch under which this node sends to another; `epoch` in hexadecimal."""

    node_id: str
    epoch: str
    key: bytes
    incarnation: str
    hpke_sha256: bytes
    create_time: datetime
    used: int


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
        draft: What is sealed together with others of the same draft; empty once it is.
        framed: `body` is a serialised Item.
        attempt: How often it was put back after it had been set aside.
    """

    peer: str
    urgency: int
    item_id: str
    body: bytes | None
    size: int
    thread: str
    expire_time: datetime | None
    position: int = 0
    draft: str = ""
    framed: bool = False
    attempt: int = 0


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
    """Who may enrol with a secret, and what it was used for; who was named as inviting makes a second person confirm it."""

    secret_sha256: str
    node_id: str
    countries: tuple[str, ...]
    door: bytes
    expire_time: datetime
    request_digest: bytes | None = None
    certificate: bytes | None = None
    invited_by: str = ""
    candidate: bytes | None = None
    enrol_time: datetime | None = None


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
