"""Why and when an item was set aside; how fast a peer took what was sent."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("queue", sa.Column("set_aside_time", UtcTime, nullable=True))
    op.add_column("queue", sa.Column("reason", sa.String(200), nullable=False, server_default=""))
    op.create_table(
        "pace",
        sa.Column("peer", sa.String(31), nullable=False),
        sa.Column("bytes_per_second", sa.BigInteger, nullable=False),
        sa.Column("measure_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("peer", name=op.f("pk_pace")),
    )


def downgrade() -> None:
    op.drop_table("pace")
    op.drop_column("queue", "reason")
    op.drop_column("queue", "set_aside_time")
