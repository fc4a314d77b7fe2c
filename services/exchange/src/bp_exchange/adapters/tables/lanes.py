"""What waits for peers and services, and what is known of links."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from bp_exchange.adapters.tables.base import Base
from bp_kit.tables import RowNumber, UtcTime


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
