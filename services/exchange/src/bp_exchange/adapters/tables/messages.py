"""Envelopes of both versions, the keys of epochs, and how far each message got."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from bp_exchange.adapters.tables.base import Base
from bp_kit.tables import UtcTime


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
