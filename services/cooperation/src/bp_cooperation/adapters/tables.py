"""Tables of cooperation's own database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bp_kit.tables import UtcTime, service_metadata


class Base(DeclarativeBase):
    """Every table of this service."""

    metadata = service_metadata()


class AuditRow(Base):
    """What was kept of a call, or of an arrival; a table of the kit."""

    __table__ = Base.metadata.tables["audit"]
    position: Mapped[int]
    call_time: Mapped[datetime]
    principal: Mapped[str]
    method: Mapped[str]
    name: Mapped[str]
    outcome: Mapped[str]
    purpose: Mapped[str]
    trace_id: Mapped[str]
    detail: Mapped[dict[str, Any]]


class HandlingColumns:
    """The conditions on a row's content."""

    tlp: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(40))
    releasable_to: Mapped[list[str]] = mapped_column(JSON)
    retention_time: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    codes: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    exercise: Mapped[bool] = mapped_column(Boolean, server_default=false())
    operation: Mapped[str] = mapped_column(String(100), server_default="")


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
    revision: Mapped[int] = mapped_column(Integer, server_default="1")


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
    shared_with: Mapped[list[str]] = mapped_column(JSON, server_default="[]")


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
    # The record's operation, whose members alone may know of it; empty: none.
    operation: Mapped[str] = mapped_column(String(100), server_default="")


class OperationRow(Base):
    """A joint operation: led by a unit here, or one in which officers of a country served here take part, or did."""

    __tablename__ = "operation"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    unit: Mapped[str] = mapped_column(String(100), index=True)
    display_name: Mapped[str] = mapped_column(String(200))
    end_time: Mapped[datetime | None] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    update_time: Mapped[datetime] = mapped_column(UtcTime)


class MemberRow(Base):
    """An officer who takes part in an operation."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("operation", "officer"),)
    name: Mapped[str] = mapped_column(String(150), primary_key=True)
    operation: Mapped[str] = mapped_column(String(100))
    officer: Mapped[str] = mapped_column(String(120), index=True)
    country: Mapped[str] = mapped_column(String(3))
    end_time: Mapped[datetime | None] = mapped_column(UtcTime)
    create_time: Mapped[datetime] = mapped_column(UtcTime)


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


class CarrierRow(Base):
    """A message that holds a record's content."""

    __tablename__ = "carrier"
    message_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    record: Mapped[str] = mapped_column(String(150), index=True)


class RevisionRow(Base):
    """A wording of a request or a reply that was corrected."""

    __tablename__ = "revision"
    record: Mapped[str] = mapped_column(String(150), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    request: Mapped[str] = mapped_column(String(100), index=True)
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    bundle: Mapped[str] = mapped_column(Text)
    revise_time: Mapped[datetime] = mapped_column(UtcTime)


class DirectiveRow(Base):
    """What a record's unit told its holders. It outlives the record, and holds none of its content."""

    __tablename__ = "directive"
    name: Mapped[str] = mapped_column(String(150), primary_key=True)
    request: Mapped[str] = mapped_column(String(100), index=True)
    record: Mapped[str] = mapped_column(String(150), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str] = mapped_column(String(100))
    officer: Mapped[str] = mapped_column(String(120))
    ground: Mapped[str] = mapped_column(String(40))
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    due_time: Mapped[datetime] = mapped_column(UtcTime)
    # As `adapters.directives` writes it; none but for HANDLING.
    handling: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    downgrade: Mapped[bool] = mapped_column(Boolean)
    revision: Mapped[int] = mapped_column(Integer)
    arrive_time: Mapped[datetime | None] = mapped_column(UtcTime)
    overdue_told: Mapped[bool] = mapped_column(Boolean)


class AnswerRow(Base):
    """What a holder of something sent from here answered, or has not yet."""

    __tablename__ = "answer"
    __table_args__ = (Index(None, "state", "due_time"),)
    directive: Mapped[str] = mapped_column(String(150), primary_key=True)
    unit: Mapped[str] = mapped_column(String(100), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    ground: Mapped[str] = mapped_column(String(100))
    answer_time: Mapped[datetime | None] = mapped_column(UtcTime)
    open_time: Mapped[datetime | None] = mapped_column(UtcTime)
    # Of its directive, to be listed by.
    owner: Mapped[str] = mapped_column(String(100), index=True)
    record: Mapped[str] = mapped_column(String(150))
    kind: Mapped[str] = mapped_column(String(20))
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    due_time: Mapped[datetime] = mapped_column(UtcTime)


class SharingRow(Base):
    """A wish to share a request."""

    __tablename__ = "sharing"
    name: Mapped[str] = mapped_column(String(150), primary_key=True)
    request: Mapped[str] = mapped_column(String(100), index=True)
    unit: Mapped[str] = mapped_column(String(100))
    officer: Mapped[str] = mapped_column(String(120))
    recipients: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10))
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    decide_time: Mapped[datetime | None] = mapped_column(UtcTime)


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
