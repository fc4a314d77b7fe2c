"""A database that refuses to be written, whoever writes: a pod that nobody remembered, too. Its rows can then be carried as they are."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable

from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

_WORDS = "bluepacific: frozen"
_CHANGES = ("INSERT", "UPDATE", "DELETE")
# Shorter than the second after which PostgreSQL looks for deadlocks: we give way, and never somebody's call.
_LOCK_MILLIS = 500
_TRIES = 40


def is_frozen(error: BaseException) -> bool:
    """Tells whether a database refused a change because it is frozen."""
    return isinstance(error, DBAPIError) and _WORDS in str(error.orig)


async def freeze(session: AsyncSession, tables: Iterable[Table]) -> None:
    """Has the database refuse changes of those tables once the session's transaction commits; waits for changes in progress."""
    names = [table.name for table in tables]
    if session.get_bind().dialect.name == "sqlite":
        for name in names:
            for change in _CHANGES:
                await _run(
                    session,
                    f'CREATE TRIGGER IF NOT EXISTS "frozen_{name}_{change.lower()}" BEFORE {change} ON "{name}" '
                    f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END",
                )
        return
    await _lock(session, names)
    await _run(
        session,
        "CREATE OR REPLACE FUNCTION bluepacific_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$",
    )
    for name in names:
        await _run(
            session,
            f'CREATE OR REPLACE TRIGGER bluepacific_frozen BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{name}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION bluepacific_frozen()",
        )


async def thaw(session: AsyncSession, tables: Iterable[Table]) -> None:
    """Has the database take changes again; nothing happens where it does."""
    names = [table.name for table in tables]
    if session.get_bind().dialect.name == "sqlite":
        for name in names:
            for change in _CHANGES:
                await _run(session, f'DROP TRIGGER IF EXISTS "frozen_{name}_{change.lower()}"')
        return
    await _lock(session, names)
    for name in names:
        await _run(session, f'DROP TRIGGER IF EXISTS bluepacific_frozen ON "{name}"')


async def _lock(session: AsyncSession, names: list[str]) -> None:
    """Locks all tables against changes or none."""
    listed = ", ".join(f'"{name}"' for name in names)
    await _run(session, f"SET LOCAL lock_timeout = '{_LOCK_MILLIS}ms'")
    for attempt in range(_TRIES):
        try:
            async with session.begin_nested():
                await _run(session, f"LOCK TABLE {listed} IN SHARE ROW EXCLUSIVE MODE")
        except DBAPIError:
            if attempt == _TRIES - 1:
                raise
            await asyncio.sleep(random.uniform(0, 0.5))  # noqa: S311 - jitter
        else:
            return


async def _run(session: AsyncSession, statement: str) -> None:
    await (await session.connection()).exec_driver_sql(statement)
