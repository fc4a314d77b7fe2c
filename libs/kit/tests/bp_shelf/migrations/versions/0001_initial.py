import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime, create_kit_tables, drop_kit_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_kit_tables(op)
    op.create_table(
        "books",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("create_time", UtcTime(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("books")
    drop_kit_tables(op)
