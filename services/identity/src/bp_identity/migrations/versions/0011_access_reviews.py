"""The quarterly review of roles."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_review",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("grant", sa.String(200), nullable=False),
        sa.Column("officer", sa.String(200), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("unit", sa.String(200), nullable=False),
        sa.Column("quarter", UtcTime, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("due_time", UtcTime, nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("reviewer", sa.String(200), nullable=False),
        sa.Column("reminders", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_access_review")),
        sa.UniqueConstraint("grant", "quarter", name=op.f("uq_access_review_grant_quarter")),
    )
    op.create_index(op.f("ix_access_review_country"), "access_review", ["country"])
    op.create_index(op.f("ix_access_review_state_due_time"), "access_review", ["state", "due_time"])


def downgrade() -> None:
    op.drop_table("access_review")
