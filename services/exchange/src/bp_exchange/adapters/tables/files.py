"""Encrypted files: here, awaited, and asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bp_exchange.adapters.tables.base import Base
from bp_kit.tables import RowNumber, UtcTime


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
