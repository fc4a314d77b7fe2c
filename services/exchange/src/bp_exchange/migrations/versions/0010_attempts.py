"""How often an item was put back into its lane."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("queue", sa.Column("attempt", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("queue", "attempt")
