"""Inserts that say what happens where the row is there already: each database has its own words for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def insert_of(session: AsyncSession, table: Any) -> postgresql.Insert | sqlite.Insert:
    """Returns an insert with `on_conflict_do_nothing` and `on_conflict_do_update`; a process loads its own database's words only."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - 4 MiB that a node on SQLite does not need

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - as above

    return sqlite.insert(table)
