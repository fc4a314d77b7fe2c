"""Tables of what data-protection officers have asked all services, and of what these answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from bp_identity.adapters.tables import Base
from bp_kit.tables import UtcTime

__all__ = ["Base", "SubjectAnswerRow", "SubjectOperationRow"]


class SubjectOperationRow(Base):
    """What is done about a person."""

    __tablename__ = "subject_operation"
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    act: Mapped[str] = mapped_column(String(20))
    # Whom it is about; the name and the identifier go when the person has been erased.
    subject_officer: Mapped[str] = mapped_column(String(200), index=True)
    subject_name: Mapped[str] = mapped_column(String(200))
    subject_identifier: Mapped[str] = mapped_column(String(200))
    records: Mapped[list[str]] = mapped_column(JSON)
    corrections: Mapped[dict[str, str]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(500))
    officer: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20))
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    update_time: Mapped[datetime] = mapped_column(UtcTime)


class SubjectAnswerRow(Base):
    """What one service of one country was asked, and answered."""

    __tablename__ = "subject_answer"
    operation: Mapped[str] = mapped_column(ForeignKey("subject_operation.name"), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), primary_key=True)
    service: Mapped[str] = mapped_column(String(40), primary_key=True)
    ask_time: Mapped[datetime] = mapped_column(UtcTime)
    answer_time: Mapped[datetime | None] = mapped_column(UtcTime)
    # A serialised SubjectAnswered; empty until then.
    answer: Mapped[bytes] = mapped_column(LargeBinary)
