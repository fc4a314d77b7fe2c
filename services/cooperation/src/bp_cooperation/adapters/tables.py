"""Tables of cooperation's own database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Boolean, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bp_kit.tables import UtcTime, service_metadata


class Base(DeclarativeBase):
    """Every table of this service."""

    metadata = service_metadata()


class HandlingColumns:
    """The conditions on a row's content."""

    tlp: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(40))
    releasable_to: Mapped[list[str]] = mapped_column(JSON)
    retention_time: Mapped[datetime | None] = mapped_column(UtcTime, index=True)


class RecordColumns(HandlingColumns):
    """What requests and replies have in common."""

    unit: Mapped[str] = mapped_column(String(100))
    officer: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    recipients: Mapped[list[str]] = mapped_column(JSON)
    bundle: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    list_time: Mapped[datetime] = mapped_column(UtcTime, index=True)
    send_time: Mapped[datetime | None] = mapped_column(UtcTime)
    message_id: Mapped[str] = mapped_column(String(36), index=True)
    arrive_time: Mapped[datetime | None] = mapped_column(UtcTime)


class RequestRow(RecordColumns, Base):
    """A request: of a country served here, or the copy of another's."""

    __tablename__ = "request"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    title: Mapped[str] = mapped_column(Text)
    urgency: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(Integer)
    update_time: Mapped[datetime] = mapped_column(UtcTime)
    close_time: Mapped[datetime | None] = mapped_column(UtcTime)


class ReplyRow(RecordColumns, Base):
    """A reply: written here, or the copy of another's."""

    __tablename__ = "reply"
    name: Mapped[str] = mapped_column(String(150), primary_key=True)
    request: Mapped[str] = mapped_column(String(100), index=True)
    to_requester_only: Mapped[bool] = mapped_column(Boolean)


class AudienceRow(Base):
    """A unit whose people may know of a request or a reply. Every list and search goes through this table."""

    __tablename__ = "audience"
    unit: Mapped[str] = mapped_column(String(100), primary_key=True)
    record: Mapped[str] = mapped_column(String(150), primary_key=True, index=True)


class RungRow(Base):
    """How far something sent from here got with a recipient."""

    __tablename__ = "rung"
    record: Mapped[str] = mapped_column(String(150), primary_key=True)
    unit: Mapped[str] = mapped_column(String(100), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), primary_key=True)
    time: Mapped[datetime] = mapped_column(UtcTime)
    ground: Mapped[str] = mapped_column(String(100))


class OpeningRow(Base):
    """A unit here has opened what it got."""

    __tablename__ = "opening"
    record: Mapped[str] = mapped_column(String(150), primary_key=True)
    unit: Mapped[str] = mapped_column(String(100), primary_key=True)
    open_time: Mapped[datetime] = mapped_column(UtcTime)


class AttachmentRow(Base):
    """A file of a request or a reply, with the key that opens its bytes."""

    __tablename__ = "attachment"
    name: Mapped[str] = mapped_column(String(150), primary_key=True)
    request: Mapped[str] = mapped_column(String(100), index=True)
    record: Mapped[str] = mapped_column(String(150), index=True)
    file_name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(127))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    blob: Mapped[str] = mapped_column(String(64))
    key: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(UtcTime)


class DiscardedBlobRow(Base):
    """Encrypted bytes whose keys are gone, to be destroyed themselves."""

    __tablename__ = "discarded_blob"
    blob: Mapped[str] = mapped_column(String(64), primary_key=True)


class EntityRow(HandlingColumns, Base):
    """An object of a sent bundle."""

    __tablename__ = "entity"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    source: Mapped[str] = mapped_column(String(150), index=True)
    unit: Mapped[str] = mapped_column(String(100))
    type: Mapped[str] = mapped_column(String(250), index=True)
    stix_id: Mapped[str] = mapped_column(String(300), index=True)
    display_name: Mapped[str] = mapped_column(String(300))
    words: Mapped[str] = mapped_column(Text)
    stix: Mapped[str] = mapped_column(Text)
    send_time: Mapped[datetime] = mapped_column(UtcTime)
    list_time: Mapped[datetime] = mapped_column(UtcTime)


class WaitingRow(Base):
    """A message about a request that has not arrived yet."""

    __tablename__ = "waiting"
    message_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    request: Mapped[str] = mapped_column(String(100), index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    arrive_time: Mapped[datetime] = mapped_column(UtcTime, index=True)


class AddresseeRow(Base):
    """A unit of some country."""

    __tablename__ = "addressee"
    unit: Mapped[str] = mapped_column(String(100), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    display_name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    active: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(BigInteger)
