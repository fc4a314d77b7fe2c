"""Links of officers with subjects of the country's own provider."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upstream_link",
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("officer", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_upstream_link")),
        sa.ForeignKeyConstraint(["officer"], ["officer.name"], name=op.f("fk_upstream_link_officer_officer")),
        sa.UniqueConstraint("officer", name=op.f("uq_upstream_link_officer")),
    )


def downgrade() -> None:
    op.drop_table("upstream_link")
