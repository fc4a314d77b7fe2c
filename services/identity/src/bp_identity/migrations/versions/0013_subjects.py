"""What data-protection officers ask all services about people, and what is blocked or held."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime, create_kit_tables, drop_kit_table

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kit_tables(op)
    op.create_table(
        "subject_operation",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("act", sa.String(20), nullable=False),
        sa.Column("subject_officer", sa.String(200), nullable=False),
        sa.Column("subject_name", sa.String(200), nullable=False),
        sa.Column("subject_identifier", sa.String(200), nullable=False),
        sa.Column("records", sa.JSON, nullable=False),
        sa.Column("corrections", sa.JSON, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("officer", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("create_time", UtcTime, nullable=False),
        sa.Column("update_time", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_subject_operation")),
    )
    op.create_index(op.f("ix_subject_operation_country"), "subject_operation", ["country"])
    op.create_index(op.f("ix_subject_operation_subject_officer"), "subject_operation", ["subject_officer"])
    op.create_table(
        "subject_answer",
        sa.Column("operation", sa.String(120), nullable=False),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("ask_time", UtcTime, nullable=False),
        sa.Column("answer_time", UtcTime),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["operation"], ["subject_operation.name"], name=op.f("fk_subject_answer_operation")),
        sa.PrimaryKeyConstraint("operation", "country", "service", name=op.f("pk_subject_answer")),
    )


def downgrade() -> None:
    op.drop_table("subject_answer")
    op.drop_table("subject_operation")
    drop_kit_table(op, "restriction")
