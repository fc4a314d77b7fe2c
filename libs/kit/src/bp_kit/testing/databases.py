"""Fresh, migrated databases for tests: each service's chain runs once a test run, tests get copies.

A database of PostgreSQL goes through many tests: emptying one takes a tenth of what making and dropping one does.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bp_kit.migrations import migrate
from bp_kit.testing import postgres


@dataclass(frozen=True)
class Planted:
    """What is in a database before a test begins; planted once a test run, as it may take longer than the test.

    Attributes:
        what: Tells one planting from another.
        plant: Puts it into the migrated database of a URL.
    """

    what: Hashable
    plant: Callable[[str], Awaitable[None]] = field(compare=False)


async def _nothing(_url: str) -> None:
    pass


NOTHING = Planted("nothing", _nothing)
_Kind = tuple[str, Planted]
_sqlite_templates: dict[_Kind, Path] = {}
_postgres_templates: dict[_Kind, str] = {}
_idle: defaultdict[_Kind, list[str]] = defaultdict(list)


@asynccontextmanager
async def fresh_database(kind: str, package: str, planted: Planted = NOTHING) -> AsyncIterator[str]:
    """Gives the URL of a migrated database of a service.

    Args:
        kind: `sqlite` or `postgres`.
        package: The service's package: `bp_cooperation`.
        planted: What is in it.
    """
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="bp-sqlite-") as folder:
            file = Path(folder, "service.sqlite")
            shutil.copy(await sqlite_template(package, planted), file)
            yield f"sqlite+aiosqlite:///{file}"
        return
    idle = _idle[package, planted]
    name = idle.pop() if idle else postgres.new_database(await _postgres_template(package, planted))
    try:
        yield postgres.url_of(name)
    finally:
        await postgres.restore_planted(name)
        idle.append(name)


async def sqlite_template(package: str, planted: Planted = NOTHING) -> Path:
    """Returns the file that databases of a service are copies of."""
    if (package, planted) not in _sqlite_templates:
        folder = tempfile.mkdtemp(prefix="bp-template-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        file = Path(folder, "template.sqlite")
        url = f"sqlite+aiosqlite:///{file}"
        await migrate(package, url)
        await planted.plant(url)
        _sqlite_templates[package, planted] = file
    return _sqlite_templates[package, planted]


async def _postgres_template(package: str, planted: Planted) -> str:
    if (package, planted) not in _postgres_templates:
        name = postgres.new_database()
        await migrate(package, postgres.url_of(name))
        await planted.plant(postgres.url_of(name))
        await postgres.keep_planted(name)
        _postgres_templates[package, planted] = name
    return _postgres_templates[package, planted]
