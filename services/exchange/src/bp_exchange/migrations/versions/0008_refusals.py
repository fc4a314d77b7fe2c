"""How often a peer sent what was refused."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refusal",
        sa.Column("peer", sa.String(31), nullable=False),
        sa.Column("ground", sa.String(30), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("last_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("peer", "ground", name=op.f("pk_refusal")),
    )


def downgrade() -> None:
    op.drop_table("refusal")
