"""Bringing a node's databases to this release: each file is copied first, so that a release can be taken back."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from sqlalchemy.exc import OperationalError

from bp_kit.service import Service
from bp_node.failure import CommandError, told_plainly

_KEPT = 3
_NAME = re.compile(r"""^revision(?:: str)? = ["'](\w+)["']""", re.MULTILINE)
_FOLLOWED = re.compile(r"""^down_revision(?::[^=]*)? = ["'](\w+)["']""", re.MULTILINE)


async def bring_up_to_date(service: Service, backups: Path) -> bool:
    """Migrates a service's database when it is behind.

    Args:
        service: Whose.
        backups: Where the copy of a SQLite file goes; the newest few are kept.

    Returns:
        Whether anything changed.

    Raises:
        CommandError: The database cannot be written.
    """
    if not service.database.is_sqlite:
        await service.migrate()
        return True
    file = Path(service.database.url.partition(":///")[2])
    with told_plainly("bring up to date", file):
        held = await asyncio.to_thread(revision_of, file)
        if held and held == head_of(service.package):
            return False
        try:
            if held:
                await asyncio.to_thread(_copy, file, backups, held)
            await service.migrate()
        except (sqlite3.Error, OperationalError) as error:
            raise CommandError(f"cannot bring up to date {file}: {_words(error)}") from error
    return True


def _words(error: sqlite3.Error | OperationalError) -> str:
    """Returns SQLite's own words, without the statement: `database or disk is full`."""
    return str(error.orig if isinstance(error, OperationalError) else error)


def head_of(package: str) -> str | None:
    """Returns the newest revision of a package's chain: the one that none comes after."""
    names, followed = _chain(package)
    heads = names - followed
    return heads.pop() if len(heads) == 1 else None


def knows(package: str, revision: str) -> bool:
    """Tells whether a revision is of a package's chain; one of a newer release is not."""
    return revision in _chain(package)[0]


def _chain(package: str) -> tuple[set[str], set[str]]:
    """Returns a chain's revisions, and those that another comes after. Read from the files, for Alembic is heavy."""
    names: set[str] = set()
    followed: set[str] = set()
    for file in files(package).joinpath("migrations", "versions").iterdir():
        if file.name.endswith(".py"):
            text = file.read_text(encoding="utf-8")
            names.update(_NAME.findall(text))
            followed.update(_FOLLOWED.findall(text))
    return names, followed


def revision_of(file: Path) -> str | None:
    """Returns the revision of a SQLite file's schema; None when it is not there or was never migrated.

    Raises:
        sqlite3.Error: It cannot be read.
    """
    if not file.is_file():
        return None
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
        return revision_in(database)


def revision_in(database: sqlite3.Connection) -> str | None:
    """Returns the revision of a database's schema; None when it was never migrated."""
    try:
        row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    return str(row[0]) if row else None


def _copy(file: Path, backups: Path, revision: str) -> None:
    """Copies with SQLite's own backup, which takes the write-ahead log along."""
    backups.mkdir(mode=0o700, exist_ok=True)
    target = backups / f"{file.stem}-{revision}.sqlite"
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    target.chmod(0o600)
    copies = sorted(backups.glob(f"{file.stem}-*.sqlite"), key=lambda one: one.stat().st_mtime)
    for old in copies[:-_KEPT]:
        old.unlink()
