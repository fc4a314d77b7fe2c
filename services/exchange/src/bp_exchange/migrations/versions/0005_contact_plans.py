"""What a country allows on its links and how much of it is spent; what a peer says that it owes; who does what of several processes."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("peer", sa.Column("owes", sa.JSON, nullable=True))
    op.add_column("peer", sa.Column("owes_time", UtcTime, nullable=True))
    op.create_table(
        "contact_plan",
        sa.Column("peer", sa.String(31), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("peer", name=op.f("pk_contact_plan")),
    )
    op.create_table(
        "spent_volume",
        sa.Column("peer", sa.String(31), nullable=False),
        sa.Column("urgency", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("peer", "urgency", name=op.f("pk_spent_volume")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("holder", sa.String(36), nullable=False),
        sa.Column("pod", sa.String(63), nullable=False),
        sa.Column("take_time", UtcTime, nullable=False),
        sa.Column("renew_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


def downgrade() -> None:
    op.drop_table("lease")
    op.drop_table("spent_volume")
    op.drop_table("contact_plan")
    op.drop_column("peer", "owes_time")
    op.drop_column("peer", "owes")
