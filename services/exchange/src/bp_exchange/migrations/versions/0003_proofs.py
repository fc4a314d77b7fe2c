"""Proofs from a long log: leaves are found by their envelope, and the roots of its complete subtrees are kept."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from bluepacific.exchange.v1 import log_pb2
from bp_exchange.protocol.merkle import Edge
from bp_verify.merkle import leaf_hash

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_READ = 1000
# Of which levels roots are kept: each 8th.
_STEP = 8
_LOG = sa.table("log", sa.column("position"), sa.column("entry"), sa.column("envelope_id"))


def upgrade() -> None:
    op.add_column("log", sa.Column("envelope_id", sa.String(36), nullable=False, server_default=""))
    subtrees = op.create_table(
        "log_subtree",
        sa.Column("level", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_log_subtree")),
    )
    _fill(subtrees)
    op.create_index(op.f("ix_log_envelope_id"), "log", ["envelope_id"])


def _fill(subtrees: sa.Table) -> None:
    edge = Edge()
    name = sa.update(_LOG).where(_LOG.c.position == sa.bindparam("at")).values(envelope_id=sa.bindparam("about"))
    for rows in _leaves():
        grown = []
        for row in rows:
            leaf = leaf_hash(row.entry)
            roots = list(enumerate(edge.completed(leaf)))[_STEP::_STEP]
            grown += [{"level": level, "position": edge.size >> level, "root": root} for level, root in roots]
            edge = edge.append(leaf)
        about = [{"at": row.position, "about": log_pb2.LogEntry.FromString(row.entry).envelope_id} for row in rows]
        op.get_bind().execute(name, about)
        if grown:
            op.get_bind().execute(sa.insert(subtrees), grown)


def _leaves() -> Iterator[list[sa.Row]]:
    read, begin = sa.select(_LOG.c.position, _LOG.c.entry).order_by(_LOG.c.position), 0
    while rows := list(op.get_bind().execute(read.where(_LOG.c.position >= begin).limit(_READ))):
        yield rows
        begin = rows[-1].position + 1


def downgrade() -> None:
    op.drop_index(op.f("ix_log_envelope_id"), "log")
    op.drop_table("log_subtree")
    op.drop_column("log", "envelope_id")
