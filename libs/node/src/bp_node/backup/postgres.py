"""A node whose databases are PostgreSQL: copied as of one moment into SQLite files of the same schema, and loaded from such.

So an archive is the same whatever the node's databases are, and a node that was hosted can be restored on a machine of its own. That no
service writes at the moment, and why it has to be one moment: see the package. Here every table of every database is locked against
writing, all or none, while a transaction of each takes its view; the views are then copied while the node writes on.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, MetaData, Table, func, insert, null, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bp_kit import migrations
from bp_node.failure import CommandError
from bp_node.migrating import head_of

_ROWS = 500
# Transactions of services take milliseconds; what we hold meanwhile must not keep them long.
_HOLD_SECONDS = 1.0
_TRY_SECONDS = 60.0
_UNREACHABLE = (SQLAlchemyError, OSError)


@contextmanager
def one_moment(
    urls: Mapping[str, str], meanwhile: Callable[[], None], folder: Path
) -> Iterator[dict[str, sqlite3.Connection]]:
    """Gives a connection to a SQLite copy of each database, all as of one moment.

    Args:
        urls: Databases by service.
        meanwhile: Called at that moment, while nobody can write; must be quick.
        folder: Where the copies are, until the end of the block.

    Raises:
        CommandError: A database does not answer, is of another release, or is written without any pause.
    """
    files = {name: folder / f"{name}.rows.sqlite" for name in urls}
    try:
        _remove(files.values())
        asyncio.run(_copy(urls, files, meanwhile))
        with ExitStack() as stack:
            yield {name: stack.enter_context(closing(_reading(file))) for name, file in files.items()}
    finally:
        _remove(files.values())


def load(files: Mapping[str, Path], urls: Mapping[str, str]) -> None:
    """Fills new databases from a restored node's files, which are brought to this release before.

    Raises:
        CommandError: A database does not answer, or is not empty.
    """
    asyncio.run(_load(files, urls))


async def _copy(urls: Mapping[str, str], files: Mapping[str, Path], meanwhile: Callable[[], None]) -> None:
    async with AsyncExitStack() as stack:
        writers, readers = {}, {}
        for name, url in urls.items():
            writers[name] = await stack.enter_async_context(_connected(name, url))
            readers[name] = await stack.enter_async_context(_connected(name, url, isolation_level="REPEATABLE READ"))
            await _check_release(name, writers[name])
        await _lock(writers)
        try:
            for reader in readers.values():
                # A transaction's view begins with its first statement.
                await reader.execute(text("SELECT version_num FROM alembic_version"))
            await asyncio.to_thread(meanwhile)
        finally:
            await _unlock(writers)
        for name, reader in readers.items():
            await _copy_one(name, reader, files[name])


async def _copy_one(name: str, reader: AsyncConnection, file: Path) -> None:
    url = f"sqlite+aiosqlite:///{file}"
    await migrations.migrate(f"bp_{name}", url)
    async with _connected(name, url) as target:
        await copy_rows(reader, target, metadata_of(name))
        await target.commit()


async def _load(files: Mapping[str, Path], urls: Mapping[str, str]) -> None:
    async with AsyncExitStack() as stack:
        targets = {}
        for name in files:
            await migrations.migrate(f"bp_{name}", f"sqlite+aiosqlite:///{files[name]}")
            with _told(name):
                await migrations.migrate(f"bp_{name}", urls[name])
            targets[name] = await stack.enter_async_context(_connected(name, urls[name]))
            await _check_empty(name, targets[name])
        for name, target in targets.items():
            async with _connected(name, f"sqlite+aiosqlite:///{files[name]}") as source:
                await copy_rows(source, target, metadata_of(name))
                await _count_on(target, metadata_of(name))
        for target in targets.values():
            await target.commit()


async def copy_rows(source: AsyncConnection, target: AsyncConnection, metadata: MetaData) -> None:
    """Copies every row of every table, between two databases of one schema; those that others refer to first."""
    for table in metadata.sorted_tables:
        found = await source.stream(select(table).order_by(*table.primary_key.columns))
        async for rows in found.mappings().partitions(_ROWS):
            await target.execute(insert(table), [_row(table, row) for row in rows])


def _row(table: Table, row: Mapping[Any, Any]) -> dict[str, Any]:
    """A missing value and JSON's null both read as None; only the former fits where a value may be missing."""
    values = {column.key: row[column] for column in table.columns}
    for column in table.columns:
        if values[column.key] is None and column.nullable and isinstance(column.type, JSON):
            values[column.key] = null()
    return values


def metadata_of(name: str) -> MetaData:
    """Returns the tables of a service."""
    found: MetaData = import_module(f"bp_{name}.adapters.tables").Base.metadata
    return found


@asynccontextmanager
async def _connected(name: str, url: str, **options: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url, hide_parameters=True, **options)
    try:
        with _told(name):
            connection = await engine.connect()
        try:
            with _told(name):
                yield connection
        finally:
            await connection.close()
    finally:
        await engine.dispose()


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except _UNREACHABLE as error:
        why = str(getattr(error, "orig", None) or error).splitlines()
        raise CommandError(
            f"the database of {name} cannot be used: {why[0] if why else type(error).__name__}"
        ) from error


async def _check_release(name: str, connection: AsyncConnection) -> None:
    held = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    await connection.rollback()
    if held != head_of(f"bp_{name}"):
        raise CommandError(f"the database of {name} is of another release than this software: upgrade first")


async def _check_empty(name: str, connection: AsyncConnection) -> None:
    for table in metadata_of(name).sorted_tables:
        if await connection.scalar(select(func.count()).select_from(table)):
            raise CommandError(f"the database of {name} is not empty: a node is restored into new databases")


async def _lock(writers: Mapping[str, AsyncConnection]) -> None:
    """Locks all or none, and waits with no lock held."""
    end = time.monotonic() + _TRY_SECONDS
    while time.monotonic() < end:
        if await _locked(writers, time.monotonic() + _HOLD_SECONDS):
            return
        await _unlock(writers)
        await asyncio.sleep(random.uniform(0, 0.5))  # noqa: S311 - jitter
    raise CommandError("the node's databases are written without any pause; try again later")


async def _locked(writers: Mapping[str, AsyncConnection], end: float) -> bool:
    for name, writer in writers.items():
        tables = ", ".join(f'"{one.name}"' for one in metadata_of(name).sorted_tables)
        while True:
            try:
                await writer.exec_driver_sql(f"LOCK TABLE {tables} IN SHARE MODE NOWAIT")
            except DBAPIError as error:
                await writer.rollback()
                if "could not obtain lock" not in str(error.orig):
                    raise
                if time.monotonic() > end:
                    return False
                await asyncio.sleep(0.005)
            else:
                break
    return True


async def _unlock(writers: Mapping[str, AsyncConnection]) -> None:
    for writer in writers.values():
        await writer.rollback()


async def _count_on(target: AsyncConnection, metadata: MetaData) -> None:
    """Has PostgreSQL number new rows after those that came."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        highest = select(func.max(column)).scalar_subquery()
        await target.execute(select(func.setval(sequence, highest)).where(highest.is_not(None)))


def _reading(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.execute("BEGIN")
    return connection


def _remove(files: Any) -> None:
    for file in files:
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
