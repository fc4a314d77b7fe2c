"""The first tables of the catalogue."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime, create_kit_tables, drop_kit_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INDEXES = [
    ("capability", "country"),
    ("access_request", "country"),
    ("access_request", "unit"),
    ("access_agreement", "country"),
    ("uptake_report", "country"),
]
_TABLES = (
    "uptake_telling",
    "uptake_report",
    "access_agreement",
    "access_decision",
    "access_request",
    "capability",
)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _column(name: str, kind: object, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=nullable)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    create_kit_tables(op)
    _capabilities()
    _access()
    _uptake()
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _capabilities() -> None:
    op.create_table(
        "capability",
        _text("name", 60),
        _text("country", 3),
        _column("title", sa.JSON),
        _column("description", sa.JSON),
        _text("kind", 20),
        _text("goals", 100),
        _text("sdg_targets", 200),
        _column("revision", sa.Integer),
        _column("create_time", UtcTime),
        _column("update_time", UtcTime),
        _key("capability", "name"),
    )


def _access() -> None:
    op.create_table(
        "access_request",
        _text("name", 100),
        _text("country", 3),
        _text("capability", 60),
        _text("unit", 120),
        _column("justification", sa.Text),
        _text("purpose", 40),
        _text("requester", 120),
        _text("state", 20),
        _column("create_time", UtcTime),
        _key("access_request", "name"),
    )
    op.create_table(
        "access_decision",
        _text("request", 100),
        _text("decision_id", 36),
        _text("verdict", 20),
        _text("decider", 120),
        _column("decide_time", UtcTime),
        _column("note", sa.Text),
        _column("begin_time", UtcTime, nullable=True),
        _column("end_time", UtcTime, nullable=True),
        _key("access_decision", "request", "decision_id"),
    )
    op.create_table(
        "access_agreement",
        _text("name", 100),
        _text("country", 3),
        _text("request", 100),
        _text("capability", 60),
        _text("unit", 120),
        _text("purpose", 40),
        _column("begin_time", UtcTime),
        _column("end_time", UtcTime),
        _column("version", sa.Integer),
        _key("access_agreement", "name"),
    )


def _uptake() -> None:
    op.create_table(
        "uptake_report",
        _text("name", 200),
        _text("country", 3),
        _text("capability", 60),
        *[_column(f"{counted}_count", sa.Integer) for counted in ("request", "pending", "agreement", "active")],
        _column("report_time", UtcTime),
        _key("uptake_report", "name"),
    )
    op.create_table(
        "uptake_telling",
        _text("country", 3),
        _column("version", sa.BigInteger),
        _column("report_time", UtcTime),
        _key("uptake_telling", "country"),
    )


def downgrade() -> None:
    for table, column in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    for table in _TABLES:
        op.drop_table(table)
    drop_kit_tables(op)
