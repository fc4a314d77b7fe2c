"""Tables of the exchange's own database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bp_kit.tables import RowNumber, UtcTime, service_metadata


class Base(DeclarativeBase):
    """Every table of this service."""

    metadata = service_metadata()


class NodeRow(Base):
    """This node's counters and the edge of its log; one row, locked by whoever writes."""

    __tablename__ = "node"
    node_id: Mapped[str] = mapped_column(String(31), primary_key=True)
    incarnation: Mapped[str] = mapped_column(String(36))
    sequence: Mapped[int] = mapped_column(BigInteger)
    log_size: Mapped[int] = mapped_column(BigInteger)
    # The roots of the log's complete subtrees, 32 bytes each, largest first.
    log_edge: Mapped[bytes] = mapped_column(LargeBinary)
    # It went back to a backup, and has not told the others yet.
    restored: Mapped[bool] = mapped_column(Boolean, server_default=false())


class LogRow(Base):
    """A leaf of the node's log; only ever added."""

    __tablename__ = "log"
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    # As the entry has it.
    envelope_id: Mapped[str] = mapped_column(String(36), index=True, server_default="")


class SubtreeRow(Base):
    """The root of a complete subtree of the log; of each 8th level, so that a proof reads few leaves."""

    __tablename__ = "log_subtree"
    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    # How many of its size lie to its left.
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)


class EnvelopeRow(Base):
    """An envelope this node sent, received or relayed; its id and digest stay, so that a repeat is known for ever."""

    __tablename__ = "envelope"
    envelope_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    role: Mapped[str] = mapped_column(String(8))
    # Of the bytes as they travel; of the message where nothing left the node.
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    # What the sending service handed in, to tell a repeat from another message.
    message_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    # As it travels; gone at a relay once every peer has it, empty where nothing left the node.
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    sender_node: Mapped[str] = mapped_column(String(31))
    topic: Mapped[str] = mapped_column(String(200))
    # The sending service wants to hear what becomes of it.
    receipts: Mapped[bool] = mapped_column(Boolean)
    accept_time: Mapped[datetime] = mapped_column(UtcTime)
    # Of version 2: the envelope that it is in, empty until it is sealed, and its place there. Its digest is then its leaf.
    batch_id: Mapped[str] = mapped_column(String(36), index=True, server_default="")
    batch_index: Mapped[int] = mapped_column(Integer, server_default="0")
    # A KeptMessage.
    inside: Mapped[bytes | None] = mapped_column(LargeBinary)
    # As in the queue, for what this node sent.
    thread: Mapped[str] = mapped_column(String(290), index=True, server_default="")
    # Its content was destroyed.
    erased: Mapped[bool] = mapped_column(Boolean, server_default=false())


class BatchRow(Base):
    """An envelope of version 2 that this node sent, received or relayed; its id and digest stay. Its messages are rows of `envelope`."""

    __tablename__ = "batch"
    __table_args__ = (Index(None, "sender_node", "awaited"),)
    envelope_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    role: Mapped[str] = mapped_column(String(8))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    # As it travels; gone where nobody needs it any more, at a recipient once it is opened.
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    # A KeptSeals.
    seals: Mapped[bytes] = mapped_column(LargeBinary)
    sender_node: Mapped[str] = mapped_column(String(31))
    # Who brought it; empty for what this node sent.
    peer: Mapped[str] = mapped_column(String(31))
    incarnation: Mapped[str] = mapped_column(String(36))
    sequence: Mapped[int] = mapped_column(BigInteger)
    urgency: Mapped[int] = mapped_column(Integer)
    # The epoch whose key it waits for, in hexadecimal; empty once it is opened, and where it is not opened here.
    awaited: Mapped[str] = mapped_column(String(16))
    accept_time: Mapped[datetime] = mapped_column(UtcTime)


class GivenEpochRow(Base):
    """The key of an epoch under which this node sends to another."""

    __tablename__ = "given_epoch"
    node_id: Mapped[str] = mapped_column(String(31), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)
    # Of this node when it began; after a restore another one begins.
    incarnation: Mapped[str] = mapped_column(String(36))
    # Of the recipient's public key; with another key another one begins.
    hpke_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    # How many envelopes were sealed under it.
    used: Mapped[int] = mapped_column(Integer)


class GrantedEpochRow(Base):
    """The key of an epoch under which another node sends to this one, wrapped as it came."""

    __tablename__ = "granted_epoch"
    sender_node: Mapped[str] = mapped_column(String(31), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(16), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    accept_time: Mapped[datetime] = mapped_column(UtcTime)


class RungRow(Base):
    """How far an envelope got at one recipient, as this node knows: of those it sent all, of those it received its own."""

    __tablename__ = "rung"
    envelope_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(90), primary_key=True)
    node_id: Mapped[str] = mapped_column(String(31))
    state: Mapped[int] = mapped_column(Integer)
    state_time: Mapped[datetime] = mapped_column(UtcTime)
    ground: Mapped[str] = mapped_column(String(100))


class ReceiptRow(Base):
    """A signed receipt, stated here or heard from another node; kept as proof."""

    __tablename__ = "receipt"
    receipt_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    envelope_id: Mapped[str] = mapped_column(String(36), index=True)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    accept_time: Mapped[datetime] = mapped_column(UtcTime)


class QueueRow(Base):
    """What is owed to one peer; gone once the peer has it on disk."""

    __tablename__ = "queue"
    __table_args__ = (
        UniqueConstraint("peer", "item_id"),
        Index(None, "peer", "set_aside", "urgency", "position"),
        Index(None, "peer", "thread"),
        Index(None, "expire_time"),
        # Positions are what peers acknowledge: none is given twice.
        {"sqlite_autoincrement": True},
    )
    position: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    peer: Mapped[str] = mapped_column(String(31))
    urgency: Mapped[int] = mapped_column(Integer)
    # The envelope's id, or the receipt's, whose bytes then stand in `body`.
    item_id: Mapped[str] = mapped_column(String(36), index=True)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(Integer)
    # Of whose conversation its order matters: sender and conversation.
    thread: Mapped[str] = mapped_column(String(290))
    expire_time: Mapped[datetime | None] = mapped_column(UtcTime)
    queue_time: Mapped[datetime] = mapped_column(UtcTime)
    # Why the peer will never take it, or BY_HAND; empty while it waits.
    set_aside: Mapped[str] = mapped_column(String(30))
    set_aside_time: Mapped[datetime | None] = mapped_column(UtcTime)
    # What the person gave as reason who set it aside.
    reason: Mapped[str] = mapped_column(String(200), server_default="")
    # What is sealed together with others of the same draft, when its lane has room; empty once it is, and may be sent.
    draft: Mapped[str] = mapped_column(String(80), server_default="")
    # `body` is a serialised Item, else a SignedReceipt.
    framed: Mapped[bool] = mapped_column(Boolean, server_default=false())
    # How often it was put back: a refusal of an earlier attempt, as an old stick may bring it, is none of this one.
    attempt: Mapped[int] = mapped_column(Integer, server_default="0")


class DeliveryRow(Base):
    """What waits for a service of this node; gone once the service acknowledged it."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index(None, "service", "position"),
        Index(None, "expire_time"),
        {"sqlite_autoincrement": True},
    )
    position: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    delivery_id: Mapped[str] = mapped_column(String(36), unique=True)
    service: Mapped[str] = mapped_column(String(40))
    # The message's envelope; empty for a receipt.
    envelope_id: Mapped[str] = mapped_column(String(36))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    expire_time: Mapped[datetime | None] = mapped_column(UtcTime)


class SealedFileRow(Base):
    """A file's ciphertext that is whole on this node's disk and may be given to peers."""

    __tablename__ = "sealed_file"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    accept_time: Mapped[datetime] = mapped_column(UtcTime, index=True)


class WantedFileRow(Base):
    """A file that was announced and is not here yet."""

    __tablename__ = "wanted_file"
    __table_args__ = (Index(None, "peer", "urgency", "position"), {"sqlite_autoincrement": True})
    position: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    peer: Mapped[str] = mapped_column(String(31))
    urgency: Mapped[int] = mapped_column(Integer)
    # Opens it; none at a relay.
    key: Mapped[bytes | None] = mapped_column(LargeBinary)
    plain_digest: Mapped[str] = mapped_column(String(64))
    plain_size: Mapped[int] = mapped_column(BigInteger)
    # Why it will never be here; empty while it is waited for.
    set_aside: Mapped[str] = mapped_column(String(30))


class AskedFilesRow(Base):
    """What a peer's newest medium says it waits for: files whose messages it has already."""

    __tablename__ = "asked_files"
    peer: Mapped[str] = mapped_column(String(31), primary_key=True)
    digests: Mapped[list[Any]] = mapped_column(JSON)
    # By the peer's clock.
    ask_time: Mapped[datetime] = mapped_column(UtcTime)


class PeerRow(Base):
    """What was last seen of a peer."""

    __tablename__ = "peer"
    peer: Mapped[str] = mapped_column(String(31), primary_key=True)
    incarnation: Mapped[str] = mapped_column(String(36))
    last_contact_time: Mapped[datetime] = mapped_column(UtcTime)
    drift_millis: Mapped[int] = mapped_column(BigInteger)
    # What it said that it owes this node: [urgency, count, bytes] each; none where its release does not say.
    owes: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    owes_time: Mapped[datetime | None] = mapped_column(UtcTime)


class PaceRow(Base):
    """How fast a peer took what was last sent to it."""

    __tablename__ = "pace"
    peer: Mapped[str] = mapped_column(String(31), primary_key=True)
    bytes_per_second: Mapped[int] = mapped_column(BigInteger)
    measure_time: Mapped[datetime] = mapped_column(UtcTime)


class RefusalRow(Base):
    """How often a peer sent what this node refused, by the coded ground."""

    __tablename__ = "refusal"
    peer: Mapped[str] = mapped_column(String(31), primary_key=True)
    ground: Mapped[str] = mapped_column(String(30), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    last_time: Mapped[datetime] = mapped_column(UtcTime)


class PlanRow(Base):
    """What a country allows on its link to a peer; none where everything is allowed."""

    __tablename__ = "contact_plan"
    peer: Mapped[str] = mapped_column(String(31), primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(64))
    # As `adapters.plans` writes them.
    rules: Mapped[list[Any]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(Integer)
    update_time: Mapped[datetime] = mapped_column(UtcTime)


class SpentRow(Base):
    """How much of its plan's volume a link has spent on the newest day."""

    __tablename__ = "spent_volume"
    peer: Mapped[str] = mapped_column(String(31), primary_key=True)
    urgency: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    # The local date: 2026-11-25.
    day: Mapped[str] = mapped_column(String(10))
    size: Mapped[int] = mapped_column(BigInteger)


class LeaseRow(Base):
    """What only one process of several on this database does: who does it, until it no longer renews."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(String(36))
    # The holder's process, for people.
    pod: Mapped[str] = mapped_column(String(63))
    take_time: Mapped[datetime] = mapped_column(UtcTime)
    renew_time: Mapped[datetime] = mapped_column(UtcTime)


class RegisterRow(Base):
    """The newest verified register with its proofs; one row."""

    __tablename__ = "register"
    node_id: Mapped[str] = mapped_column(String(31), primary_key=True)
    bundle: Mapped[bytes] = mapped_column(LargeBinary)
    # When its timestamp came, and the latest time this node's clock has shown since: a clock that jumps back makes nothing fresh.
    receive_time: Mapped[datetime | None] = mapped_column(UtcTime)
    latest_time: Mapped[datetime | None] = mapped_column(UtcTime)
    # The nodes that it had while it was last fresh.
    admitted: Mapped[list[Any] | None] = mapped_column(JSON)


class InvitationRow(Base):
    """At the centre: who may enrol. The secret itself is kept nowhere."""

    __tablename__ = "invitation"
    secret_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    node_id: Mapped[str] = mapped_column(String(31))
    countries: Mapped[list[Any]] = mapped_column(JSON)
    # The certificate (PEM) that opens the listener's TLS to whoever holds the secret.
    door: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    expire_time: Mapped[datetime] = mapped_column(UtcTime)
    # What was let in with it, and the certificate it got; none while it is open.
    request_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Who invited it, as that person said.
    invited_by: Mapped[str] = mapped_column(String(100), server_default="")
    # The node (register.proto) as it enrolled; in the register once a second person has confirmed its fingerprint.
    candidate: Mapped[bytes | None] = mapped_column(LargeBinary)
    enrol_time: Mapped[datetime | None] = mapped_column(UtcTime)
    confirmed_by: Mapped[str] = mapped_column(String(100), server_default="")


class WitnessedHeadRow(Base):
    """A head of another node's log that this node has cosigned: the newest, and the last of each earlier day."""

    __tablename__ = "witnessed_head"
    node_id: Mapped[str] = mapped_column(String(31), primary_key=True)
    incarnation: Mapped[str] = mapped_column(String(36), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    see_time: Mapped[datetime] = mapped_column(UtcTime)


class CosignatureRow(Base):
    """A head of this node's log that another has cosigned: the newest, and the last of each earlier day."""

    __tablename__ = "cosignature"
    witness: Mapped[str] = mapped_column(String(31), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    cosignature: Mapped[bytes] = mapped_column(LargeBinary)
    receive_time: Mapped[datetime] = mapped_column(UtcTime)


class WitnessPostRow(Base):
    """At the centre: what it passes on between a log's node and its witness at their next contacts; the newest of each kind."""

    __tablename__ = "witness_post"
    sender: Mapped[str] = mapped_column(String(31), primary_key=True)
    target: Mapped[str] = mapped_column(String(31), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class LogAlarmRow(Base):
    """Two heads of a log that do not follow from each other; kept as proof."""

    __tablename__ = "log_alarm"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    node_id: Mapped[str] = mapped_column(String(31))
    kind: Mapped[int] = mapped_column(Integer)
    alarm: Mapped[bytes] = mapped_column(LargeBinary)
    alarm_time: Mapped[datetime] = mapped_column(UtcTime, index=True)
