"""Envelopes of several messages, the epochs of their keys, and what waits to be sealed."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("envelope", sa.Column("batch_id", sa.String(36), nullable=False, server_default=""))
    op.add_column("envelope", sa.Column("batch_index", sa.Integer, nullable=False, server_default="0"))
    op.add_column("envelope", sa.Column("inside", sa.LargeBinary, nullable=True))
    op.add_column("envelope", sa.Column("thread", sa.String(290), nullable=False, server_default=""))
    op.add_column("envelope", sa.Column("erased", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index(op.f("ix_envelope_batch_id"), "envelope", ["batch_id"])
    op.create_index(op.f("ix_envelope_thread"), "envelope", ["thread"])
    op.add_column("queue", sa.Column("draft", sa.String(80), nullable=False, server_default=""))
    op.add_column("queue", sa.Column("framed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "batch",
        sa.Column("envelope_id", sa.String(36), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=True),
        sa.Column("seals", sa.LargeBinary, nullable=False),
        sa.Column("sender_node", sa.String(31), nullable=False),
        sa.Column("peer", sa.String(31), nullable=False),
        sa.Column("incarnation", sa.String(36), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("urgency", sa.Integer, nullable=False),
        sa.Column("awaited", sa.String(16), nullable=False),
        sa.Column("accept_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("envelope_id", name=op.f("pk_batch")),
    )
    op.create_index(op.f("ix_batch_sender_node_awaited"), "batch", ["sender_node", "awaited"])
    op.create_table(
        "given_epoch",
        sa.Column("node_id", sa.String(31), nullable=False),
        sa.Column("epoch", sa.String(16), nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("incarnation", sa.String(36), nullable=False),
        sa.Column("hpke_sha256", sa.LargeBinary, nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("node_id", "epoch", name=op.f("pk_given_epoch")),
    )
    op.create_table(
        "granted_epoch",
        sa.Column("sender_node", sa.String(31), nullable=False),
        sa.Column("epoch", sa.String(16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("accept_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("sender_node", "epoch", name=op.f("pk_granted_epoch")),
    )


def downgrade() -> None:
    for table in ("granted_epoch", "given_epoch", "batch"):
        op.drop_table(table)
    for column in ("framed", "draft"):
        op.drop_column("queue", column)
    for column in ("thread", "batch_id"):
        op.drop_index(op.f(f"ix_envelope_{column}"), "envelope")
    for column in ("erased", "thread", "inside", "batch_index", "batch_id"):
        op.drop_column("envelope", column)
