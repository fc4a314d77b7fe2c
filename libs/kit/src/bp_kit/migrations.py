"""Alembic for SQLite and PostgreSQL: one chain a service, run at start, by `migrate`, or by a job before an upgrade."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from typing import TYPE_CHECKING

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, create_engine
from sqlalchemy.ext.asyncio import create_async_engine

if TYPE_CHECKING:
    from sqlalchemy import Engine


def config_for(package: str, url: str) -> Config:
    """Returns Alembic's configuration for the chain in `<package>.migrations` on that database."""
    config = Config()
    config.set_main_option("script_location", str(files(package).joinpath("migrations")).replace("%", "%%"))
    config.attributes["url"] = url
    return config


async def migrate(package: str, url: str, revision: str = "head") -> None:
    """Brings the database to a revision.

    Args:
        package: The service's package: `bp_cooperation`.
        url: The database's URL, with its async driver.
        revision: An Alembic revision.
    """
    await asyncio.to_thread(command.upgrade, config_for(package, url), revision)


def run(metadata: MetaData) -> None:
    """Runs what Alembic asks for; the one line of each service's `migrations/env.py`."""
    url = context.config.attributes["url"]
    if url.startswith("sqlite"):
        _run_on(create_engine(url.replace("+aiosqlite", "")), metadata)
    else:
        asyncio.run(_run_async(url, metadata))


def _run_on(engine: Engine, metadata: MetaData) -> None:
    with engine.connect() as connection:
        # Kept in the file; switching later would need every reader to be away.
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.commit()
        _migrate(connection, metadata)
    engine.dispose()


async def _run_async(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate, metadata)
    await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        context.run_migrations()
