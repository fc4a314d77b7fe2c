"""The gateway's only table, in a SQLite file of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bp_kit.tables import RowNumber, UtcTime, service_metadata


class Base(DeclarativeBase):
    """The kit's own tables are there for the kit's pipeline, before the list of queued calls."""

    metadata = service_metadata()


class QueuedCallRow(Base):
    """A call that waits, or what came of it. Who called stands in it only as a digest under the node's key; what was called is sealed."""

    __tablename__ = "queued_call"
    position: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    call_id: Mapped[str] = mapped_column(String(36), unique=True)
    caller: Mapped[str] = mapped_column(String(64))
    method: Mapped[str] = mapped_column(String(200))
    package: Mapped[str] = mapped_column(String(100))
    # Of caller, method and request: a repeat is not kept twice.
    digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[int]
    reason: Mapped[str] = mapped_column(String(64), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    # Request and metadata; gone as soon as the call has ended.
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    size: Mapped[int]
    accept_time: Mapped[datetime] = mapped_column(UtcTime)
    expire_time: Mapped[datetime] = mapped_column(UtcTime)
    end_time: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (Index(None, "state", "package", "position"), Index(None, "caller"))
