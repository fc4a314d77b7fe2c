"""Passkeys and recoveries."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "passkey",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("officer", sa.String(200), nullable=False),
        sa.Column("credential_id", sa.String(1364), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("synced", sa.Boolean, nullable=False),
        sa.Column("display_name", sa.String(60), nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("last_use_time", UtcTime),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_passkey")),
        sa.ForeignKeyConstraint(["officer"], ["officer.name"], name=op.f("fk_passkey_officer_officer")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index(op.f("ix_passkey_officer"), "passkey", ["officer"])
    op.create_table(
        "used_challenge",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("expire_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_challenge")),
    )
    op.create_index(op.f("ix_used_challenge_expire_time"), "used_challenge", ["expire_time"])
    op.create_table(
        "recovery",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("code_digest", sa.String(64), nullable=False),
        sa.Column("ticket_digest", sa.String(64), nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("expire_time", UtcTime, nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("confirmer", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_recovery")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_recovery_code_digest")),
        sa.UniqueConstraint("ticket_digest", name=op.f("uq_recovery_ticket_digest")),
    )
    op.create_index(op.f("ix_recovery_expire_time"), "recovery", ["expire_time"])


def downgrade() -> None:
    for table in ("recovery", "used_challenge", "passkey"):
        op.drop_table(table)
