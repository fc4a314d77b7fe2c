"""Sessions and codes that are bound to a key."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("session", "authorization_code"):
        op.add_column(table, sa.Column("thumbprint", sa.String(43), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    for name in ("session", "authorization_code"):
        with op.batch_alter_table(name) as table:
            table.drop_column("thumbprint")
