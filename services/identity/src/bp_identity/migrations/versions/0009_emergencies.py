"""Roles taken in emergencies."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "emergency",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("unit", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("officer", sa.String(200), nullable=False),
        sa.Column("grant", sa.String(200), nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("end_time", UtcTime, nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("reviewer", sa.String(200), nullable=False),
        sa.Column("finding", sa.String(1000), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_emergency")),
    )
    op.create_index(op.f("ix_emergency_country"), "emergency", ["country"])
    op.create_index(op.f("ix_emergency_officer"), "emergency", ["officer"])


def downgrade() -> None:
    op.drop_table("emergency")
