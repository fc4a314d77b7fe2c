"""Fresh, migrated databases for tests: each service's chain runs once a test run, tests get copies.

A database of PostgreSQL goes through many tests: emptying one takes a tenth of what making and dropping one does.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bp_kit.migrations import migrate
from bp_kit.testing import postgres

_sqlite_templates: dict[str, Path] = {}
_postgres_templates: dict[str, str] = {}
_idle: defaultdict[str, list[str]] = defaultdict(list)


@asynccontextmanager
async def fresh_database(kind: str, package: str) -> AsyncIterator[str]:
    """Gives the URL of a migrated database of a service.

    Args:
        kind: `sqlite` or `postgres`.
        package: The service's package: `bp_cooperation`.
    """
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="bp-sqlite-") as folder:
            file = Path(folder, "service.sqlite")
            shutil.copy(await _sqlite_template(package), file)
            yield f"sqlite+aiosqlite:///{file}"
        return
    idle = _idle[package]
    name = idle.pop() if idle else postgres.new_database(await _postgres_template(package))
    try:
        yield postgres.url_of(name)
    finally:
        await postgres.empty_database(name)
        idle.append(name)


async def _sqlite_template(package: str) -> Path:
    if package not in _sqlite_templates:
        folder = tempfile.mkdtemp(prefix="bp-template-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        file = Path(folder, "template.sqlite")
        await migrate(package, f"sqlite+aiosqlite:///{file}")
        _sqlite_templates[package] = file
    return _sqlite_templates[package]


async def _postgres_template(package: str) -> str:
    if package not in _postgres_templates:
        name = postgres.new_database()
        await migrate(package, postgres.url_of(name))
        _postgres_templates[package] = name
    return _postgres_templates[package]
