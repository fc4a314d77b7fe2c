"""A country's own directory keeps its people here."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("officer", sa.Column("deactivator", sa.String(200), nullable=False, server_default=""))
    op.create_table(
        "provisioned",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("user_name", sa.String(254)),
        sa.Column("external_id", sa.String(254), nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.UniqueConstraint("country", "user_name"),
    )


def downgrade() -> None:
    op.drop_table("provisioned")
    with op.batch_alter_table("officer") as table:
        table.drop_column("deactivator")
