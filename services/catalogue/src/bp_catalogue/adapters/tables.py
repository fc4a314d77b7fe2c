"""Tables of the catalogue's own database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import JSON, BigInteger, ColumnElement, Dialect, Integer, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from bp_kit.tables import UtcTime, service_metadata


class Codes(TypeDecorator[tuple[str, ...]]):
    """Codes without blanks, as one text with a blank before and after each: ` GPG7 14.4 `. In filters, `:` and `=` mean has this code."""

    impl = String
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[tuple[str, ...]]):
        """Compares with one whole code."""

        def icontains(self, other: Any, **kwargs: Any) -> ColumnElement[bool]:
            """Has the code, letters' case aside."""
            found: Any = super().icontains(f" {other} ", **kwargs)
            return cast("ColumnElement[bool]", found)

        def __eq__(self, other: object) -> ColumnElement[bool]:  # type: ignore[override]
            return self.icontains(other, autoescape=True)

        def __ne__(self, other: object) -> ColumnElement[bool]:  # type: ignore[override]
            return ~self.icontains(other, autoescape=True)

        __hash__ = None  # type: ignore[assignment]

    comparator_factory = Comparator

    @property
    def python_type(self) -> type[Any]:
        """What a filter's value is: one code."""
        return str

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        """Writes the text."""
        return None if value is None else f" {' '.join(value)} "

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        """Reads the codes."""
        return None if value is None else tuple(value.split())

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """Compares as texts."""
        return String()


class Base(DeclarativeBase):
    """Every table of this service."""

    metadata = service_metadata()


class CapabilityRow(Base):
    """A capability: the centre's own, or the replica."""

    __tablename__ = "capability"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    title: Mapped[dict[str, str]] = mapped_column(JSON)
    description: Mapped[dict[str, str]] = mapped_column(JSON)
    kind: Mapped[str] = mapped_column(String(20))
    goals: Mapped[tuple[str, ...]] = mapped_column(Codes(100))
    sdg_targets: Mapped[tuple[str, ...]] = mapped_column(Codes(200))
    revision: Mapped[int] = mapped_column(Integer)
    create_time: Mapped[datetime] = mapped_column(UtcTime)
    update_time: Mapped[datetime] = mapped_column(UtcTime)


class AccessRequestRow(Base):
    """An access request; its state follows from its decisions."""

    __tablename__ = "access_request"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    capability: Mapped[str] = mapped_column(String(60))
    unit: Mapped[str] = mapped_column(String(120), index=True)
    justification: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(String(40))
    requester: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(20))
    create_time: Mapped[datetime] = mapped_column(UtcTime)


class AccessDecisionRow(Base):
    """What was decided; only ever added."""

    __tablename__ = "access_decision"
    request: Mapped[str] = mapped_column(String(100), primary_key=True)
    decision_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(20))
    decider: Mapped[str] = mapped_column(String(120))
    decide_time: Mapped[datetime] = mapped_column(UtcTime)
    note: Mapped[str] = mapped_column(Text)
    begin_time: Mapped[datetime | None] = mapped_column(UtcTime)
    end_time: Mapped[datetime | None] = mapped_column(UtcTime)


class AgreementRow(Base):
    """An access agreement, as it follows from the decisions."""

    __tablename__ = "access_agreement"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    request: Mapped[str] = mapped_column(String(100))
    capability: Mapped[str] = mapped_column(String(60))
    unit: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(String(40))
    begin_time: Mapped[datetime] = mapped_column(UtcTime)
    end_time: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)


class ReportRow(Base):
    """A country's uptake of one capability."""

    __tablename__ = "uptake_report"
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    country: Mapped[str] = mapped_column(String(3), index=True)
    capability: Mapped[str] = mapped_column(String(60))
    request_count: Mapped[int] = mapped_column(Integer)
    pending_count: Mapped[int] = mapped_column(Integer)
    agreement_count: Mapped[int] = mapped_column(Integer)
    active_count: Mapped[int] = mapped_column(Integer)
    report_time: Mapped[datetime] = mapped_column(UtcTime)


class TellingRow(Base):
    """When a country last told its uptake."""

    __tablename__ = "uptake_telling"
    country: Mapped[str] = mapped_column(String(3), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    report_time: Mapped[datetime] = mapped_column(UtcTime)
