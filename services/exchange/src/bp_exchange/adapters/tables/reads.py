"""Reads of personal data: those of this node's people, and those that other nodes told of this node's records."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bp_exchange.adapters.tables.base import Base
from bp_kit.tables import UtcTime


class ReadRow(Base):
    """A read."""

    __tablename__ = "read"
    read_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    # Of this node's: the log's entry over them has this id. Empty for what another node told.
    batch_id: Mapped[str] = mapped_column(String(36), index=True)
    position: Mapped[int] = mapped_column(Integer)
    record: Mapped[str] = mapped_column(String(255), index=True)
    read_time: Mapped[datetime] = mapped_column(UtcTime, index=True)
    # A serialised Read, as the leaf of its batch's tree is over it.
    body: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
