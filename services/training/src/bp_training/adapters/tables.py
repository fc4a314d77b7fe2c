"""Tables of training's own database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bp_kit.tables import UtcTime, service_metadata


class Base(DeclarativeBase):
    """Every table of this service."""

    metadata = service_metadata()


class CourseRow(Base):
    """A course: the own country's, or a replica."""

    __tablename__ = "course"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    title: Mapped[dict[str, str]] = mapped_column(JSON)
    description: Mapped[dict[str, str]] = mapped_column(JSON)
    # Codes between blanks, one before and one after each: ` GPG7 14.4 `.
    tags: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(20))
    package: Mapped[str] = mapped_column(String(200))
    revision: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    update_time: Mapped[datetime] = mapped_column(UtcTime)
    publish_time: Mapped[datetime | None] = mapped_column(UtcTime)


class PackageRow(Base):
    """A course's package; the file is in the blob store."""

    __tablename__ = "package"
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    course: Mapped[str] = mapped_column(String(100), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    unpacked_bytes: Mapped[int] = mapped_column(BigInteger)
    file_count: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(200))
    lessons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    create_time: Mapped[datetime] = mapped_column(UtcTime)


class EnrolmentRow(Base):
    """An officer takes a course."""

    __tablename__ = "enrolment"
    __table_args__ = (UniqueConstraint("learner", "course"),)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    learner: Mapped[str] = mapped_column(String(120))
    course: Mapped[str] = mapped_column(String(100), index=True)
    package: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(Integer)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    complete_time: Mapped[datetime | None] = mapped_column(UtcTime)
    credential: Mapped[str] = mapped_column(String(100))


class StatementRow(Base):
    """What happened; only ever added."""

    __tablename__ = "statement"
    enrolment: Mapped[str] = mapped_column(String(100), primary_key=True)
    statement_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    lesson_id: Mapped[str] = mapped_column(String(200))
    verb: Mapped[str] = mapped_column(String(20))
    score: Mapped[float | None] = mapped_column(Float)
    event_time: Mapped[datetime] = mapped_column(UtcTime)
    record_time: Mapped[datetime] = mapped_column(UtcTime)


class CredentialRow(Base):
    """A credential as it was signed."""

    __tablename__ = "credential"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    enrolment: Mapped[str] = mapped_column(String(100), unique=True)
    learner: Mapped[str] = mapped_column(String(120), index=True)
    course: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(Text)
    jwt: Mapped[str] = mapped_column(Text)
    issue_time: Mapped[datetime] = mapped_column(UtcTime)


class LearnerRow(Base):
    """What identity tells of an officer of this country."""

    __tablename__ = "learner"
    officer: Mapped[str] = mapped_column(String(120), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    gender: Mapped[str] = mapped_column(String(20))
    units: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(BigInteger)


class IssuerKeyRow(Base):
    """A country's public key for credentials."""

    __tablename__ = "issuer_key"
    issuer: Mapped[str] = mapped_column(String(100), primary_key=True)
    country: Mapped[str] = mapped_column(String(3))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)


class ReportRow(Base):
    """A country's participation in one course, as it may be told."""

    __tablename__ = "participation_report"
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    course: Mapped[str] = mapped_column(String(100))
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON)
    report_time: Mapped[datetime] = mapped_column(UtcTime)


class ReportMarkRow(Base):
    """Where a country's reporting stands: the version told last, and whether something changed since."""

    __tablename__ = "report_mark"
    country: Mapped[str] = mapped_column(String(3), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    due: Mapped[bool] = mapped_column(Boolean)
