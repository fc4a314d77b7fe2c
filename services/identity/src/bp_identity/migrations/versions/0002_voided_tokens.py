"""Access tokens that are void before their time, and refresh tokens that another one has superseded."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voided_tokens",
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("void_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_voided_tokens")),
    )
    op.create_index(op.f("ix_voided_tokens_void_time"), "voided_tokens", ["void_time"])
    op.add_column("refresh_token", sa.Column("superseded", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("refresh_token") as table:
        table.drop_column("superseded")
    op.drop_table("voided_tokens")
