"""Joint operations, who takes part, and what belongs to them."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LABELLED = ("request", "reply", "entity", "audience")
_INDEXES = [("operation", "country"), ("operation", "unit"), ("member", "officer")]


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcTime, nullable=nullable)


def upgrade() -> None:
    for table in _LABELLED:
        op.add_column(table, sa.Column("operation", sa.String(100), nullable=False, server_default=""))
    op.create_table(
        "operation",
        _text("name", 100),
        _text("country", 3),
        _text("unit", 100),
        _text("display_name", 200),
        _time("end_time", nullable=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        _time("create_time"),
        _time("update_time"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_operation")),
    )
    op.create_table(
        "member",
        _text("name", 150),
        _text("operation", 100),
        _text("officer", 120),
        _text("country", 3),
        _time("end_time", nullable=True),
        _time("create_time"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_member")),
        sa.UniqueConstraint("operation", "officer", name=op.f("uq_member_operation_officer")),
    )
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    for table, column in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    op.drop_table("member")
    op.drop_table("operation")
    # An earlier release knows nothing of operations: what belongs to one is for nobody then, rather than for everybody.
    op.execute("DELETE FROM audience WHERE operation <> ''")
    for table in _LABELLED:
        op.drop_column(table, "operation")
