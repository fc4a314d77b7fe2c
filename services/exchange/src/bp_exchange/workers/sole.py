"""Sees to it that one process serves an exchange on SQLite: two would each send what the other sends, and hear no bell of the other."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

from bp_kit.database import Database


class AlreadyServedError(RuntimeError):
    """Another process serves the exchange of this database."""


class Sole:
    """Holds a lock beside the database for as long as the exchange is served; a worker.

    Args:
        database: The exchange's, on SQLite.
    """

    def __init__(self, database: Database) -> None:
        self._file = Path(database.url.partition(":///")[2])

    async def run(self) -> None:
        """Holds until cancelled.

        Raises:
            AlreadyServedError: Another process does.
        """
        # Not the database's own file: closing that would give up the locks that SQLite has on it.
        descriptor = os.open(self._file.with_name(f"{self._file.name}.served"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            await asyncio.Event().wait()
        except BlockingIOError:
            raise AlreadyServedError(
                f"another process serves the exchange on {self._file}: on SQLite there can be one only, several need PostgreSQL"
            ) from None
        finally:
            os.close(descriptor)
