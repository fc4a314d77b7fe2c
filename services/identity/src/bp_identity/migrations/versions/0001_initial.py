"""The first tables of identity."""

import sqlalchemy as sa
from alembic import op

from bp_kit.tables import UtcTime, create_kit_tables, drop_kit_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INDEXES = [
    ("unit", "country"),
    ("officer", "officer_id"),
    ("officer", "email"),
    ("role_grant", "country"),
    ("role_grant", "officer"),
    ("role_grant", "unit"),
    ("role_grant", "start_time"),
    ("role_grant", "end_time"),
    ("client", "country"),
    ("session", "officer"),
    ("session", "client"),
    ("session", "expire_time"),
    ("refresh_token", "session_id"),
    ("authorization_code", "expire_time"),
    ("throttle", "last_time"),
]


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcTime, nullable=nullable)


def _key(table: str, column: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=op.f(f"pk_{table}"))


def _foreign(table: str, column: str, target: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def upgrade() -> None:
    create_kit_tables(op)
    _people()
    _sign_in()
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _people() -> None:
    op.create_table(
        "unit",
        _text("name", 200),
        _text("country", 3),
        _text("display_name", 200),
        _text("kind", 40),
        _text("state", 40),
        sa.Column("version", sa.Integer, nullable=False),
        _time("create_time"),
        _time("update_time"),
        _key("unit", "name"),
    )
    op.create_table(
        "officer",
        _text("name", 200),
        _text("country", 3),
        _text("officer_id", 63),
        _text("given_name", 100),
        _text("family_name", 100),
        _text("email", 254),
        _text("gender", 40),
        _text("language", 3),
        _text("state", 40),
        sa.Column("version", sa.Integer, nullable=False),
        _time("create_time"),
        _time("update_time"),
        sa.Column("totp_enrolled", sa.Boolean, nullable=False),
        _key("officer", "name"),
        sa.UniqueConstraint("country", "email", name=op.f("uq_officer_country_email")),
    )
    op.create_table(
        "role_grant",
        _text("name", 200),
        _text("country", 3),
        _text("officer", 200),
        _text("role", 40),
        _text("unit", 200),
        _time("start_time"),
        _time("end_time", nullable=True),
        _time("create_time"),
        _text("creator", 200),
        _key("role_grant", "name"),
        _foreign("role_grant", "officer", "officer.name"),
        _foreign("role_grant", "unit", "unit.name"),
    )
    op.create_table(
        "client",
        _text("name", 200),
        _text("country", 3),
        _text("display_name", 200),
        _text("kind", 40),
        sa.Column("redirect_uris", sa.JSON, nullable=False),
        sa.Column("grants", sa.JSON, nullable=False),
        _text("state", 40),
        sa.Column("version", sa.Integer, nullable=False),
        _time("create_time"),
        _time("update_time"),
        _text("secret_digest", 64),
        _key("client", "name"),
    )


def _sign_in() -> None:
    op.create_table(
        "credential",
        _text("officer", 200),
        _text("password_hash", 200),
        _time("password_expire_time", nullable=True),
        _text("totp_sealed", 200),
        _text("totp_pending", 200),
        sa.Column("totp_step", sa.Integer, nullable=False),
        _key("credential", "officer"),
        _foreign("credential", "officer", "officer.name"),
    )
    op.create_table(
        "session",
        _text("session_id", 36),
        _text("officer", 200),
        _text("client", 200),
        _text("scope", 200),
        _time("auth_time"),
        sa.Column("methods", sa.JSON, nullable=False),
        _time("expire_time"),
        _time("revoke_time", nullable=True),
        _key("session", "session_id"),
        _foreign("session", "officer", "officer.name"),
    )
    op.create_table(
        "refresh_token",
        _text("digest", 64),
        _text("session_id", 36),
        _time("use_time", nullable=True),
        _key("refresh_token", "digest"),
        _foreign("refresh_token", "session_id", "session.session_id", ondelete="CASCADE"),
    )
    op.create_table(
        "authorization_code",
        _text("digest", 64),
        _text("client", 200),
        _text("officer", 200),
        _text("redirect_uri", 500),
        _text("scope", 200),
        _text("nonce", 500),
        _text("challenge", 128),
        _time("auth_time"),
        sa.Column("methods", sa.JSON, nullable=False),
        _time("expire_time"),
        _text("session_id", 36),
        _key("authorization_code", "digest"),
    )
    op.create_table(
        "throttle",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        _time("last_time", nullable=True),
        _time("blocked_until", nullable=True),
        _key("throttle", "digest"),
    )
    op.create_table("mark", _text("name", 60), _time("time"), _key("mark", "name"))


def downgrade() -> None:
    for table, column in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    for table in (
        "mark",
        "throttle",
        "authorization_code",
        "refresh_token",
        "session",
        "credential",
        "client",
        "role_grant",
        "officer",
        "unit",
    ):
        op.drop_table(table)
    drop_kit_tables(op)
