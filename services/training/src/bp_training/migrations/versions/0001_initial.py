"""The first tables of training."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime, create_kit_tables, drop_kit_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INDEXES = [
    ("course", "country"),
    ("package", "course"),
    ("enrolment", "country"),
    ("enrolment", "course"),
    ("credential", "learner"),
    ("learner", "country"),
    ("participation_report", "country"),
]
_TABLES = (
    "report_mark",
    "participation_report",
    "issuer_key",
    "learner",
    "credential",
    "statement",
    "enrolment",
    "package",
    "course",
)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _column(name: str, kind: object, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=nullable)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    create_kit_tables(op)
    _courses()
    _enrolments()
    _people_and_numbers()
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _courses() -> None:
    op.create_table(
        "course",
        _text("name", 100),
        _text("country", 3),
        _column("title", sa.JSON),
        _column("description", sa.JSON),
        _text("tags", 400),
        _text("state", 20),
        _text("package", 200),
        _column("revision", sa.Integer),
        _column("version", sa.Integer),
        _column("create_time", UtcTime),
        _column("update_time", UtcTime),
        _column("publish_time", UtcTime, nullable=True),
        _key("course", "name"),
    )
    op.create_table(
        "package",
        _text("name", 200),
        _text("course", 100),
        _column("size_bytes", sa.BigInteger),
        _column("unpacked_bytes", sa.BigInteger),
        _column("file_count", sa.Integer),
        _text("title", 200),
        _column("lessons", sa.JSON),
        _column("create_time", UtcTime),
        _key("package", "name"),
    )


def _enrolments() -> None:
    op.create_table(
        "enrolment",
        _text("name", 100),
        _text("country", 3),
        _text("learner", 120),
        _text("course", 100),
        _text("package", 200),
        _text("state", 20),
        _column("version", sa.Integer),
        _column("create_time", UtcTime),
        _column("complete_time", UtcTime, nullable=True),
        _text("credential", 100),
        _key("enrolment", "name"),
        sa.UniqueConstraint("learner", "course", name=op.f("uq_enrolment_learner_course")),
    )
    op.create_table(
        "statement",
        _text("enrolment", 100),
        _text("statement_id", 36),
        _text("lesson_id", 200),
        _text("verb", 20),
        _column("score", sa.Float, nullable=True),
        _column("event_time", UtcTime),
        _column("record_time", UtcTime),
        _key("statement", "enrolment", "statement_id"),
    )
    op.create_table(
        "credential",
        _text("name", 100),
        _text("enrolment", 100),
        _text("learner", 120),
        _text("course", 100),
        _column("title", sa.Text),
        _column("jwt", sa.Text),
        _column("issue_time", UtcTime),
        _key("credential", "name"),
        sa.UniqueConstraint("enrolment", name=op.f("uq_credential_enrolment")),
    )


def _people_and_numbers() -> None:
    op.create_table(
        "learner",
        _text("officer", 120),
        _text("country", 3),
        _text("gender", 20),
        _column("units", sa.JSON),
        _column("active", sa.Boolean),
        _column("version", sa.BigInteger),
        _key("learner", "officer"),
    )
    op.create_table(
        "issuer_key",
        _text("issuer", 100),
        _text("country", 3),
        _column("public_key", sa.LargeBinary),
        _key("issuer_key", "issuer"),
    )
    op.create_table(
        "participation_report",
        _text("name", 200),
        _text("country", 3),
        _text("course", 100),
        _column("numbers", sa.JSON),
        _column("report_time", UtcTime),
        _key("participation_report", "name"),
    )
    op.create_table(
        "report_mark",
        _text("country", 3),
        _column("version", sa.BigInteger),
        _column("due", sa.Boolean),
        _key("report_mark", "country"),
    )


def downgrade() -> None:
    for table, column in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    for table in _TABLES:
        op.drop_table(table)
    drop_kit_tables(op)
