"""Tables that every service's database has: outbox, inbox, idempotency, audit, restriction and proof. And the portable column types."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """A moment, always in UTC; kept without zone where the database has none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses moments without a zone; writes UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Reads UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only for a column declared exactly INTEGER.
RowNumber = BigInteger().with_variant(Integer, "sqlite")


def service_metadata() -> MetaData:
    """Returns the metadata of one service's database: the naming convention and the kit's own tables."""
    metadata = MetaData(naming_convention=NAMING)
    Table(
        "outbox",
        metadata,
        Column("position", RowNumber, primary_key=True, autoincrement=True),
        Column("kind", String(10), nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("attempts", Integer, nullable=False, default=0),
        Column("due_time", UtcTime, nullable=False),
        Column("create_time", UtcTime, nullable=False),
        Column("refused", String(100)),
    )
    Table(
        "inbox",
        metadata,
        Column("delivery_id", String(100), primary_key=True),
        Column("arrive_time", UtcTime, nullable=False),
        Column("refused", String(100)),
    )
    Table(
        "idempotency",
        metadata,
        Column("principal", String(200), primary_key=True),
        Column("method", String(200), primary_key=True),
        Column("request_id", String(36), primary_key=True),
        Column("request_digest", LargeBinary, nullable=False),
        Column("response", LargeBinary, nullable=False),
        Column("create_time", UtcTime, nullable=False),
    )
    audit = Table(
        "audit",
        metadata,
        Column("position", RowNumber, primary_key=True, autoincrement=True),
        Column("call_time", UtcTime, nullable=False),
        Column("principal", String(200), nullable=False),
        Column("method", String(200), nullable=False),
        Column("name", String(255), nullable=False),
        Column("outcome", String(64), nullable=False),
        Column("purpose", String(64), nullable=False),
        Column("trace_id", String(32), nullable=False),
        Column("detail", JSON, nullable=False),
    )
    Index(None, audit.c.name)
    Table(
        "restriction",
        metadata,
        Column("name", String(255), primary_key=True),
        Column("kind", String(10), primary_key=True),
        Column("operation", String(100), nullable=False),
        Column("create_time", UtcTime, nullable=False),
    )
    Table(
        "proof",
        metadata,
        Column("mark", String(64), primary_key=True),
        Column("request", String(32), nullable=False),
        Column("expire_time", UtcTime, nullable=False),
    )
    return metadata


def kit_tables(metadata: MetaData) -> list[Table]:
    """Returns the kit's own tables of a service's metadata."""
    return [metadata.tables[name] for name in ("outbox", "inbox", "idempotency", "audit", "restriction", "proof")]


def create_kit_tables(op: Any) -> None:
    """Creates those of the kit's tables that are not there.

    The first step of each service's first migration, and of one whenever the kit has a table more.
    """
    service_metadata().create_all(op.get_bind())


def drop_kit_table(op: Any, name: str) -> None:
    """Drops one of the kit's tables: the way back of a migration that came with it."""
    service_metadata().tables[name].drop(op.get_bind(), checkfirst=True)


def drop_kit_tables(op: Any) -> None:
    """Drops the kit's tables: the last step of that migration's way back."""
    service_metadata().drop_all(op.get_bind())
