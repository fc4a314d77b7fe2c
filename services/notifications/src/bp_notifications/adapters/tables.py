"""Tables of the notifications' own database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bp_kit.tables import UtcTime, service_metadata


class Base(DeclarativeBase):
    """Every table of this service."""

    metadata = service_metadata()


class ContactRow(Base):
    """What identity told of a person, and how many notifications the person has had."""

    __tablename__ = "contact"
    officer: Mapped[str] = mapped_column(String(100), primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(3))
    active: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(BigInteger)
    # Of the person's newest notification. Giving the next one locks the row, so positions become visible in their order.
    position: Mapped[int] = mapped_column(BigInteger)


class GrantRow(Base):
    """A role that a person holds at a unit."""

    __tablename__ = "contact_grant"
    __table_args__ = (Index(None, "unit", "role"),)
    officer: Mapped[str] = mapped_column(String(100), primary_key=True)
    unit: Mapped[str] = mapped_column(String(100), primary_key=True)
    role: Mapped[str] = mapped_column(String(40), primary_key=True)


class NotificationRow(Base):
    """Something one person should know."""

    __tablename__ = "notification"
    __table_args__ = (UniqueConstraint("cause", "officer"), Index(None, "officer", "state"))
    officer: Mapped[str] = mapped_column(String(100), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    notification_id: Mapped[str] = mapped_column(String(36), unique=True)
    cause: Mapped[str] = mapped_column(String(36))
    template: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(255))
    urgent: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(String(20))
    create_time: Mapped[datetime] = mapped_column(UtcTime, index=True)
    read_time: Mapped[datetime | None] = mapped_column(UtcTime)


class PreferencesRow(Base):
    """What a person decided."""

    __tablename__ = "preferences"
    officer: Mapped[str] = mapped_column(String(100), primary_key=True)
    email_enabled: Mapped[bool] = mapped_column(Boolean)
    language: Mapped[str] = mapped_column(String(3))
    version: Mapped[int] = mapped_column(Integer)
    update_time: Mapped[datetime] = mapped_column(UtcTime)


class MailRow(Base):
    """An e-mail that waits; `refused` says why it is not tried any more."""

    __tablename__ = "mail"
    mail_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    officer: Mapped[str] = mapped_column(String(100))
    template: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(255))
    urgent: Mapped[bool] = mapped_column(Boolean)
    traceparent: Mapped[str] = mapped_column(String(55))
    attempts: Mapped[int] = mapped_column(Integer)
    due_time: Mapped[datetime] = mapped_column(UtcTime, index=True)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    refused: Mapped[str | None] = mapped_column(String(40))
