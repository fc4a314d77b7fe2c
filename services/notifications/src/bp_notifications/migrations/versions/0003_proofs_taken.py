"""Proofs of possession that were taken, for all pods."""

from alembic import op

from bp_kit.tables import create_kit_tables, drop_kit_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kit_tables(op)


def downgrade() -> None:
    drop_kit_table(op, "proof")
