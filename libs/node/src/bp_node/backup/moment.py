"""What a node's databases and files hold at one moment, while the node writes on. Why one moment: see the package."""

from __future__ import annotations

import fcntl
import os
import random
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from bp_node.failure import CommandError

STAGING = ".backup"
# A service's transaction waits 15 s for the lock; we must have come and gone before.
_LOCK_SECONDS = 2.0
_TRIES = 20
_WHOLE_FILE = re.compile(r"[0-9a-f]{64}")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps other backups of a node away within the block.

    Raises:
        CommandError: Another is at work.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise CommandError(f"another backup of {folder} is being taken") from error
    finally:
        os.close(descriptor)


@contextmanager
def one_moment(files: Mapping[str, Path], meanwhile: Callable[[], None]) -> Iterator[dict[str, sqlite3.Connection]]:
    """Gives a connection to each database that reads what all of them held at one moment.

    Args:
        files: SQLite files by service.
        meanwhile: Called at that moment, with every database's write lock held; must be quick.

    Raises:
        CommandError: The node writes without any pause.
        sqlite3.Error: A file is no database, or cannot be read.
    """
    with ExitStack() as stack:
        writers = [stack.enter_context(closing(_connect(file))) for file in files.values()]
        readers = {name: stack.enter_context(closing(_connect(file))) for name, file in files.items()}
        _lock(writers)
        try:
            for reader in readers.values():
                reader.execute("BEGIN")
                # A transaction's view begins with its first read.
                reader.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
            meanwhile()
        finally:
            _unlock(writers)
        yield readers


def _connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_LOCK_SECONDS)


def _lock(writers: list[sqlite3.Connection]) -> None:
    """Locks all or none: one that waits for us with another's lock must not make us wait for it."""
    for _ in range(_TRIES):
        try:
            for writer in writers:
                writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            _unlock(writers)
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(random.uniform(0, 0.5))  # noqa: S311 - jitter
        else:
            return
    raise CommandError("the node's databases are written without any pause; try again later")


def _unlock(writers: list[sqlite3.Connection]) -> None:
    for writer in writers:
        if writer.in_transaction:
            writer.execute("ROLLBACK")


@contextmanager
def kept(source: Path) -> Iterator[Path]:
    """Gives a folder within `source` for links to its files, gone at the end of the block."""
    staging = source / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    try:
        if source.is_dir():
            staging.mkdir(mode=0o700)
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def link(source: Path, staging: Path) -> None:
    """Makes `staging` hold a hard link to each whole file of `source`, and to no other. Files by content: 64 digits, maybe below two."""
    for name in names(source):
        place = staging / name
        if not place.exists():
            place.parent.mkdir(mode=0o700, exist_ok=True)
            # Gone since it was listed: destroyed before the moment.
            with suppress(FileNotFoundError):
                os.link(source / name, place)
    for name in names(staging):
        if not (source / name).exists():
            (staging / name).unlink()


def names(folder: Path) -> Iterator[str]:
    """Yields the names of the whole files in a folder of files by content: `ab/abc…`, or `abc…`."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as listed:
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                if re.fullmatch(r"[0-9a-f]{2}", entry.name):
                    yield from (f"{entry.name}/{name}" for name in names(Path(entry.path)))
            elif _WHOLE_FILE.fullmatch(entry.name):
                yield entry.name
