"""The node's own log, and what others have witnessed of it and it of theirs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from bp_exchange.adapters.tables.base import Base
from bp_kit.tables import UtcTime


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
