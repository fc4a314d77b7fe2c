"""Files that a peer asked for by a removable medium."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asked_files",
        sa.Column("peer", sa.String(31), nullable=False),
        sa.Column("digests", sa.JSON, nullable=False),
        sa.Column("ask_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("peer", name=op.f("pk_asked_files")),
    )


def downgrade() -> None:
    op.drop_table("asked_files")
