"""`migrate` and `check`: the database of one service, before the service itself may touch it.

A release may only add to what the one before it reads (expand, later contract), so a database that a newer release has migrated is left
as it is: that is what a rollback meets.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict
from sqlalchemy import Table, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit import migrations
from bp_kit.alone.certificates import read_certificates
from bp_kit.alone.files import check_blobs
from bp_kit.alone.process import page_token_key
from bp_kit.alone.serving import make_parent
from bp_kit.alone.settings import PodSettings
from bp_kit.alone.trouble import CannotStartError, first_fault, why_unanswered
from bp_kit.database import Database
from bp_kit.moving.freezing import freeze, thaw
from bp_kit.moving.place import State, make_placement, read_standing
from bp_kit.settings import ServiceSettings


async def migrate(service: str, prefix: str) -> None:
    """Brings a service's database to this release and says what it did. Needs no setting but the database's URL.

    Args:
        service: Short name.
        prefix: Of its settings: `BP_TRAINING__`.

    Raises:
        CannotStartError: The database cannot be reached or changed.
    """

    class _Url(ServiceSettings):
        model_config = SettingsConfigDict(env_prefix=prefix, frozen=True)

    try:
        url = _Url().database_url  # type: ignore[call-arg] # from the environment
    except ValidationError as error:
        raise first_fault(error, prefix) from error
    make_parent(url)
    held, head, known = await _revisions(service, url)
    if held == head:
        sys.stdout.write(f"bp_{service}: is up to date ({head})\n")
        return
    if held and not known:
        sys.stdout.write(f"bp_{service}: is of a newer release ({held}); left as it is\n")
        return
    try:
        async with _open_to_change(service, url):
            await migrations.migrate(f"bp_{service}", url)
    except (SQLAlchemyError, OSError) as error:
        raise CannotStartError(f"{prefix}DATABASE_URL: cannot be migrated ({why_unanswered(error)})") from error
    sys.stdout.write(f"bp_{service}: brought from {held or 'nothing'} to {head}\n")


@asynccontextmanager
async def _open_to_change(service: str, url: str) -> AsyncIterator[None]:
    """A place that the service has left takes no changes, but for those of its schema."""
    database = Database(url)
    tables = import_module(f"bp_{service}.adapters.tables").Base.metadata.sorted_tables
    try:
        if not await _has_left(database):
            yield
            return
        async with database.write() as session:
            await thaw(session, await _there(session, tables))
        try:
            yield
        finally:
            async with database.write() as session:
                await freeze(session, await _there(session, tables))
    finally:
        await database.aclose()


async def _has_left(database: Database) -> bool:
    await make_placement(database)
    async with database.read() as session:
        return (await read_standing(session)).state == State.STATE_AWAY


async def _there(session: AsyncSession, tables: list[Table]) -> list[Table]:
    """Those of the tables that the schema has by now."""
    connection = await session.connection()
    names = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    return [table for table in tables if table.name in names]


async def check(service: str, pod: PodSettings, settings: ServiceSettings) -> None:
    """Looks at everything that `serve` needs, and says that all is well.

    Raises:
        CannotStartError: What is not.
    """
    read_certificates(pod.tls_dir)
    page_token_key(pod.page_token_file)
    await check_blobs(pod)
    held, head, known = await _revisions(service, settings.database_url)
    if held != head and (known or not held):
        raise CannotStartError(
            f"the database is at {held or 'nothing'}, not at {head}: run `python -m bp_{service} migrate`"
        )
    sys.stdout.write(f"bp_{service}: all is well, the database is at {held}\n")


async def _revisions(service: str, url: str) -> tuple[str, str, bool]:
    """Returns which revision the database is at, which is this release's, and whether this release knows the former."""
    script = ScriptDirectory.from_config(migrations.config_for(f"bp_{service}", url))
    head = script.get_current_head() or ""
    if not _is_made(url):
        return "", head, False
    database = Database(url)
    try:
        async with database.write() as session:
            connection = await session.connection()
            held = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision()) or ""
    except (SQLAlchemyError, OSError) as error:
        raise CannotStartError(
            f"BP_{service.upper()}__DATABASE_URL: the database does not answer ({why_unanswered(error)})"
        ) from error
    finally:
        await database.aclose()
    known = held in {one.revision for one in script.walk_revisions()}
    return held, head, known


def _is_made(url: str) -> bool:
    """A SQLite file must not be made by looking."""
    return not url.startswith("sqlite") or Path(url.partition(":///")[2]).exists()
