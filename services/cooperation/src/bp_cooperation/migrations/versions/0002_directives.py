"""Directives and their answers, revisions, sharing, codes and exercises."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INDEXES = [
    ("carrier", ("record",)),
    ("revision", ("request",)),
    ("directive", ("request",)),
    ("directive", ("record",)),
    ("answer", ("state", "due_time")),
    ("answer", ("owner",)),
    ("sharing", ("request",)),
]
_HANDLED = ("request", "reply", "entity")


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _column(name: str, kind: object, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=nullable)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _index(table: str, columns: tuple[str, ...]) -> str:
    return op.f(f"ix_{table}_{'_'.join(columns)}")


def upgrade() -> None:
    for table in _HANDLED:
        op.add_column(table, sa.Column("codes", sa.JSON, nullable=False, server_default="[]"))
        op.add_column(table, sa.Column("exercise", sa.Boolean, nullable=False, server_default=sa.false()))
    for table in ("request", "reply"):
        op.add_column(table, sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    op.add_column("request", sa.Column("shared_with", sa.JSON, nullable=False, server_default="[]"))
    _records()
    _directives()
    for table, columns in _INDEXES:
        op.create_index(_index(table, columns), table, list(columns))
    op.execute("INSERT INTO carrier (message_id, record) SELECT message_id, name FROM request WHERE message_id <> ''")
    op.execute("INSERT INTO carrier (message_id, record) SELECT message_id, name FROM reply WHERE message_id <> ''")


def _records() -> None:
    op.create_table("carrier", _text("message_id", 36), _text("record", 150), _key("carrier", "message_id"))
    op.create_table(
        "revision",
        _text("record", 150),
        _column("number", sa.Integer),
        _text("request", 100),
        _column("title", sa.Text),
        _column("text", sa.Text),
        _column("bundle", sa.Text),
        _column("revise_time", UtcTime),
        _key("revision", "record", "number"),
    )
    op.create_table(
        "sharing",
        _text("name", 150),
        _text("request", 100),
        _text("unit", 100),
        _text("officer", 120),
        _column("recipients", sa.JSON),
        _text("state", 10),
        _column("create_time", UtcTime),
        _column("decide_time", UtcTime, nullable=True),
        _key("sharing", "name"),
    )


def _directives() -> None:
    op.create_table(
        "directive",
        _text("name", 150),
        _text("request", 100),
        _text("record", 150),
        _text("kind", 20),
        _text("unit", 100),
        _text("officer", 120),
        _text("ground", 40),
        _column("create_time", UtcTime),
        _column("due_time", UtcTime),
        _column("handling", sa.JSON, nullable=True),
        _column("downgrade", sa.Boolean),
        _column("revision", sa.Integer),
        _column("arrive_time", UtcTime, nullable=True),
        _column("overdue_told", sa.Boolean),
        _key("directive", "name"),
    )
    op.create_table(
        "answer",
        _text("directive", 150),
        _text("unit", 100),
        _text("state", 20),
        _text("ground", 100),
        _column("answer_time", UtcTime, nullable=True),
        _column("open_time", UtcTime, nullable=True),
        _text("owner", 100),
        _text("record", 150),
        _text("kind", 20),
        _column("create_time", UtcTime),
        _column("due_time", UtcTime),
        _key("answer", "directive", "unit"),
    )


def downgrade() -> None:
    for table, columns in _INDEXES:
        op.drop_index(_index(table, columns), table)
    for table in ("answer", "directive", "sharing", "revision", "carrier"):
        op.drop_table(table)
    op.drop_column("request", "shared_with")
    for table in ("request", "reply"):
        op.drop_column(table, "revision")
    for table in _HANDLED:
        op.drop_column(table, "exercise")
        op.drop_column(table, "codes")
