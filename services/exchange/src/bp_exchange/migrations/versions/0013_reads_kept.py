"""Reads are found by their time, to be dropped."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_read_read_time", "read", ["read_time"])


def downgrade() -> None:
    op.drop_index("ix_read_read_time", "read")
