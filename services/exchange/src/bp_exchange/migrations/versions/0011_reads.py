"""Reads of personal data, in the log and from other nodes."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime, create_kit_tables, drop_kit_table

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kit_tables(op)
    op.create_table(
        "read",
        sa.Column("read_id", sa.String(36), nullable=False),
        sa.Column("batch_id", sa.String(36), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("record", sa.String(255), nullable=False),
        sa.Column("read_time", UtcTime, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("read_id", name=op.f("pk_read")),
    )
    op.create_index(op.f("ix_read_batch_id"), "read", ["batch_id"])
    op.create_index(op.f("ix_read_record"), "read", ["record"])


def downgrade() -> None:
    op.drop_table("read")
    drop_kit_table(op, "restriction")
