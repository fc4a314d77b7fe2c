"""Inserts that leave alone what is there, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Insert
from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit.upserts import insert_of


def insert_new(session: AsyncSession, table: Any) -> Insert:
    """Returns an insert that skips rows whose key is taken; on PostgreSQL it waits for whoever is just taking it."""
    return insert_of(session, table).on_conflict_do_nothing()


async def add_new(session: AsyncSession, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows, all at once; none is no statement at all."""
    if rows:
        await session.execute(insert_new(session, table), list(rows))
