"""Programs on devices that wait for a person, and where a program is led back to after signing out."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_grant",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_digest", sa.String(64), nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("scope", sa.String(200), nullable=False),
        sa.Column("expire_time", UtcTime, nullable=False),
        sa.Column("interval", sa.Integer, nullable=False),
        sa.Column("poll_time", UtcTime),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("officer", sa.String(200), nullable=False),
        sa.Column("auth_time", UtcTime),
        sa.Column("methods", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_device_grant")),
        sa.UniqueConstraint("user_digest", name=op.f("uq_device_grant_user_digest")),
    )
    op.create_index(op.f("ix_device_grant_expire_time"), "device_grant", ["expire_time"])
    op.add_column(
        "client", sa.Column("post_logout_redirect_uris", sa.JSON, nullable=False, server_default=sa.text("'[]'"))
    )


def downgrade() -> None:
    with op.batch_alter_table("client") as table:
        table.drop_column("post_logout_redirect_uris")
    op.drop_table("device_grant")
