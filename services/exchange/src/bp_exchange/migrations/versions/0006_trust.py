"""How old the register is, who waits to be confirmed, and heads of logs that were witnessed."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("register", sa.Column("receive_time", UtcTime, nullable=True))
    op.add_column("register", sa.Column("latest_time", UtcTime, nullable=True))
    op.add_column("register", sa.Column("admitted", sa.JSON, nullable=True))
    op.add_column("invitation", sa.Column("invited_by", sa.String(100), nullable=False, server_default=""))
    op.add_column("invitation", sa.Column("candidate", sa.LargeBinary, nullable=True))
    op.add_column("invitation", sa.Column("enrol_time", UtcTime, nullable=True))
    op.add_column("invitation", sa.Column("confirmed_by", sa.String(100), nullable=False, server_default=""))
    op.create_table(
        "witnessed_head",
        sa.Column("node_id", sa.String(31), nullable=False),
        sa.Column("incarnation", sa.String(36), nullable=False),
        sa.Column("size", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("see_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("node_id", "incarnation", "size", name=op.f("pk_witnessed_head")),
    )
    op.create_table(
        "cosignature",
        sa.Column("witness", sa.String(31), nullable=False),
        sa.Column("size", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("cosignature", sa.LargeBinary, nullable=False),
        sa.Column("receive_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("witness", "size", name=op.f("pk_cosignature")),
    )
    op.create_table(
        "witness_post",
        sa.Column("sender", sa.String(31), nullable=False),
        sa.Column("target", sa.String(31), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("sender", "target", "kind", name=op.f("pk_witness_post")),
    )
    op.create_table(
        "log_alarm",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("node_id", sa.String(31), nullable=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("alarm", sa.LargeBinary, nullable=False),
        sa.Column("alarm_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_log_alarm")),
    )
    op.create_index(op.f("ix_log_alarm_alarm_time"), "log_alarm", ["alarm_time"])


def downgrade() -> None:
    for table in ("log_alarm", "witness_post", "cosignature", "witnessed_head"):
        op.drop_table(table)
    for column in ("confirmed_by", "enrol_time", "candidate", "invited_by"):
        op.drop_column("invitation", column)
    for column in ("admitted", "latest_time", "receive_time"):
        op.drop_column("register", column)
