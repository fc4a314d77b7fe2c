"""Service clients expire, and their secrets are replaced without a pause."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("client", sa.Column("previous_digest", sa.String(64), nullable=False, server_default=""))
    op.add_column("client", sa.Column("previous_expire_time", UtcTime))
    op.add_column("client", sa.Column("expire_time", UtcTime))


def downgrade() -> None:
    with op.batch_alter_table("client") as table:
        for column in ("previous_digest", "previous_expire_time", "expire_time"):
            table.drop_column(column)
