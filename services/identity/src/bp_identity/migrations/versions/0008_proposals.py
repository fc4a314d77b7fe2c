"""Acts that wait for a second person."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("method", sa.String(200), nullable=False),
        sa.Column("act", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("proposer", sa.String(200), nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("expire_time", UtcTime, nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("decider", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_proposal")),
    )
    op.create_index(op.f("ix_proposal_country"), "proposal", ["country"])


def downgrade() -> None:
    op.drop_table("proposal")
