"""The first tables of cooperation."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime, create_kit_tables, drop_kit_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INDEXES = [
    ("request", "country"),
    ("request", "list_time"),
    ("request", "message_id"),
    ("request", "retention_time"),
    ("reply", "request"),
    ("reply", "list_time"),
    ("reply", "message_id"),
    ("reply", "retention_time"),
    ("audience", "record"),
    ("attachment", "request"),
    ("attachment", "record"),
    ("entity", "country"),
    ("entity", "source"),
    ("entity", "type"),
    ("entity", "stix_id"),
    ("entity", "retention_time"),
    ("waiting", "request"),
    ("waiting", "arrive_time"),
    ("addressee", "country"),
]
_TABLES = (
    "addressee",
    "waiting",
    "entity",
    "discarded_blob",
    "attachment",
    "opening",
    "rung",
    "audience",
    "reply",
    "request",
)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _column(name: str, kind: object, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=nullable)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _handling() -> list[sa.Column[object]]:
    return [
        _text("tlp", 20),
        _text("purpose", 40),
        _column("releasable_to", sa.JSON),
        _column("retention_time", UtcTime, nullable=True),
    ]


def _record() -> list[sa.Column[object]]:
    return [
        *_handling(),
        _text("unit", 100),
        _text("officer", 120),
        _column("text", sa.Text),
        _column("recipients", sa.JSON),
        _column("bundle", sa.Text),
        _text("state", 10),
        _column("create_time", UtcTime),
        _column("list_time", UtcTime),
        _column("send_time", UtcTime, nullable=True),
        _text("message_id", 36),
        _column("arrive_time", UtcTime, nullable=True),
    ]


def upgrade() -> None:
    create_kit_tables(op)
    _records()
    _ladders()
    _content()
    _others()
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _records() -> None:
    op.create_table(
        "request",
        _text("name", 100),
        _text("country", 3),
        _column("title", sa.Text),
        _text("urgency", 10),
        _column("version", sa.Integer),
        _column("update_time", UtcTime),
        _column("close_time", UtcTime, nullable=True),
        *_record(),
        _key("request", "name"),
    )
    op.create_table(
        "reply",
        _text("name", 150),
        _text("request", 100),
        _column("to_requester_only", sa.Boolean),
        *_record(),
        _key("reply", "name"),
    )
    op.create_table("audience", _text("unit", 100), _text("record", 150), _key("audience", "unit", "record"))


def _ladders() -> None:
    op.create_table(
        "rung",
        _text("record", 150),
        _text("unit", 100),
        _text("state", 20),
        _column("time", UtcTime),
        _text("ground", 100),
        _key("rung", "record", "unit", "state"),
    )
    op.create_table(
        "opening",
        _text("record", 150),
        _text("unit", 100),
        _column("open_time", UtcTime),
        _key("opening", "record", "unit"),
    )


def _content() -> None:
    op.create_table(
        "attachment",
        _text("name", 150),
        _text("request", 100),
        _text("record", 150),
        _text("file_name", 255),
        _text("media_type", 127),
        _column("size_bytes", sa.BigInteger),
        _text("sha256", 64),
        _text("blob", 64),
        _column("key", sa.LargeBinary),
        _column("create_time", UtcTime),
        _key("attachment", "name"),
    )
    op.create_table("discarded_blob", _text("blob", 64), _key("discarded_blob", "blob"))
    op.create_table(
        "entity",
        _text("name", 80),
        _text("country", 3),
        _text("source", 150),
        _text("unit", 100),
        _text("type", 250),
        _text("stix_id", 300),
        _text("display_name", 300),
        _column("words", sa.Text),
        _column("stix", sa.Text),
        _column("send_time", UtcTime),
        _column("list_time", UtcTime),
        *_handling(),
        _key("entity", "name"),
    )


def _others() -> None:
    op.create_table(
        "waiting",
        _text("message_id", 36),
        _text("request", 100),
        _column("body", sa.LargeBinary),
        _column("arrive_time", UtcTime),
        _key("waiting", "message_id"),
    )
    op.create_table(
        "addressee",
        _text("unit", 100),
        _text("country", 3),
        _text("display_name", 200),
        _text("kind", 40),
        _column("active", sa.Boolean),
        _column("version", sa.BigInteger),
        _key("addressee", "unit"),
    )


def downgrade() -> None:
    for table, column in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    for table in _TABLES:
        op.drop_table(table)
    drop_kit_tables(op)
