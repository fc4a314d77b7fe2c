"""The first tables of notifications."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime, create_kit_tables, drop_kit_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INDEXES = [
    ("contact_grant", ["unit", "role"]),
    ("notification", ["officer", "state"]),
    ("notification", ["create_time"]),
    ("mail", ["due_time"]),
]
_TABLES = ("mail", "preferences", "notification", "contact_grant", "contact")


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _column(name: str, kind: object, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=nullable)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    create_kit_tables(op)
    _people()
    _notifications()
    for table, columns in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


def _people() -> None:
    op.create_table(
        "contact",
        _text("officer", 100),
        _text("email", 254),
        _text("language", 3),
        _column("active", sa.Boolean),
        _column("version", sa.BigInteger),
        _column("position", sa.BigInteger),
        _key("contact", "officer"),
    )
    op.create_table(
        "contact_grant",
        _text("officer", 100),
        _text("unit", 100),
        _text("role", 40),
        _key("contact_grant", "officer", "unit", "role"),
    )
    op.create_table(
        "preferences",
        _text("officer", 100),
        _column("email_enabled", sa.Boolean),
        _text("language", 3),
        _column("version", sa.Integer),
        _column("update_time", UtcTime),
        _key("preferences", "officer"),
    )


def _notifications() -> None:
    op.create_table(
        "notification",
        _text("officer", 100),
        _column("position", sa.BigInteger),
        _text("notification_id", 36),
        _text("cause", 36),
        _text("template", 100),
        _text("subject", 255),
        _column("urgent", sa.Boolean),
        _text("state", 20),
        _column("create_time", UtcTime),
        _column("read_time", UtcTime, nullable=True),
        _key("notification", "officer", "position"),
        sa.UniqueConstraint("notification_id", name=op.f("uq_notification_notification_id")),
        sa.UniqueConstraint("cause", "officer", name=op.f("uq_notification_cause_officer")),
    )
    op.create_table(
        "mail",
        _text("mail_id", 36),
        _text("officer", 100),
        _text("template", 100),
        _text("subject", 255),
        _column("urgent", sa.Boolean),
        _text("traceparent", 55),
        _column("attempts", sa.Integer),
        _column("due_time", UtcTime),
        _column("create_time", UtcTime),
        _column("refused", sa.String(40), nullable=True),
        _key("mail", "mail_id"),
    )


def downgrade() -> None:
    for table, columns in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table)
    for table in _TABLES:
        op.drop_table(table)
    drop_kit_tables(op)
