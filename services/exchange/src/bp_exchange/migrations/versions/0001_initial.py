"""The first tables of the exchange."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import RowNumber, UtcTime, create_kit_tables, drop_kit_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INDEXES = [
    ("receipt", ("envelope_id",)),
    ("queue", ("peer", "set_aside", "urgency", "position")),
    ("queue", ("peer", "thread")),
    ("queue", ("expire_time",)),
    ("queue", ("item_id",)),
    ("delivery", ("service", "position")),
    ("delivery", ("expire_time",)),
    ("sealed_file", ("accept_time",)),
    ("wanted_file", ("peer", "urgency", "position")),
]
_TABLES = (
    "invitation",
    "register",
    "peer",
    "wanted_file",
    "sealed_file",
    "delivery",
    "queue",
    "receipt",
    "rung",
    "envelope",
    "log",
    "node",
)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _column(name: str, kind: object, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, RowNumber, primary_key=True, autoincrement=True, nullable=False)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    create_kit_tables(op)
    _node()
    _envelopes()
    _waiting()
    _files()
    _network()
    for table, columns in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _node() -> None:
    op.create_table(
        "node",
        _text("node_id", 31),
        _text("incarnation", 36),
        _column("sequence", sa.BigInteger),
        _column("log_size", sa.BigInteger),
        _column("log_edge", sa.LargeBinary),
        _key("node", "node_id"),
    )
    op.create_table(
        "log",
        sa.Column("position", sa.BigInteger, autoincrement=False, nullable=False),
        _column("entry", sa.LargeBinary),
        _key("log", "position"),
    )


def _envelopes() -> None:
    op.create_table(
        "envelope",
        _text("envelope_id", 36),
        _text("role", 8),
        _column("digest", sa.LargeBinary),
        _column("message_digest", sa.LargeBinary, nullable=True),
        _column("raw", sa.LargeBinary, nullable=True),
        _text("sender_node", 31),
        _text("topic", 200),
        _column("receipts", sa.Boolean),
        _column("accept_time", UtcTime),
        _key("envelope", "envelope_id"),
    )
    op.create_table(
        "rung",
        _text("envelope_id", 36),
        _text("recipient", 90),
        _text("node_id", 31),
        _column("state", sa.Integer),
        _column("state_time", UtcTime),
        _text("ground", 100),
        _key("rung", "envelope_id", "recipient"),
    )
    op.create_table(
        "receipt",
        _text("receipt_id", 36),
        _text("envelope_id", 36),
        _column("raw", sa.LargeBinary),
        _column("accept_time", UtcTime),
        _key("receipt", "receipt_id"),
    )


def _waiting() -> None:
    op.create_table(
        "queue",
        _number("position"),
        _text("peer", 31),
        _column("urgency", sa.Integer),
        _text("item_id", 36),
        _column("body", sa.LargeBinary, nullable=True),
        _column("size", sa.Integer),
        _text("thread", 290),
        _column("expire_time", UtcTime, nullable=True),
        _column("queue_time", UtcTime),
        _text("set_aside", 30),
        _key("queue", "position"),
        sa.UniqueConstraint("peer", "item_id", name=op.f("uq_queue_peer_item_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "delivery",
        _number("position"),
        _text("delivery_id", 36),
        _text("service", 40),
        _text("envelope_id", 36),
        _column("content", sa.LargeBinary),
        _column("expire_time", UtcTime, nullable=True),
        _key("delivery", "position"),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_delivery_delivery_id")),
        sqlite_autoincrement=True,
    )


def _files() -> None:
    op.create_table(
        "sealed_file",
        _text("digest", 64),
        _column("size", sa.BigInteger),
        _column("accept_time", UtcTime),
        _key("sealed_file", "digest"),
    )
    op.create_table(
        "wanted_file",
        _number("position"),
        _text("digest", 64),
        _column("size", sa.BigInteger),
        _text("peer", 31),
        _column("urgency", sa.Integer),
        _column("key", sa.LargeBinary, nullable=True),
        _text("plain_digest", 64),
        _column("plain_size", sa.BigInteger),
        _text("set_aside", 30),
        _key("wanted_file", "position"),
        sa.UniqueConstraint("digest", name=op.f("uq_wanted_file_digest")),
        sqlite_autoincrement=True,
    )


def _network() -> None:
    op.create_table(
        "peer",
        _text("peer", 31),
        _text("incarnation", 36),
        _column("last_contact_time", UtcTime),
        _column("drift_millis", sa.BigInteger),
        _key("peer", "peer"),
    )
    op.create_table(
        "register",
        _text("node_id", 31),
        _column("bundle", sa.LargeBinary),
        _key("register", "node_id"),
    )
    op.create_table(
        "invitation",
        _text("secret_sha256", 64),
        _text("node_id", 31),
        _column("countries", sa.JSON),
        _column("door", sa.LargeBinary),
        _column("create_time", UtcTime),
        _column("expire_time", UtcTime),
        _column("request_digest", sa.LargeBinary, nullable=True),
        _column("certificate", sa.LargeBinary, nullable=True),
        _key("invitation", "secret_sha256"),
    )


def downgrade() -> None:
    for table, columns in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table)
    for table in _TABLES:
        op.drop_table(table)
    drop_kit_tables(op)
