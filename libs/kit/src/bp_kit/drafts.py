"""Files that are written piece by piece, in constant memory: nobody sees one before it is whole, and what is seen is on disk."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BufferedWriter
from pathlib import Path

from bp_kit.disk import make_folder, sync_folder


class Draft:
    """A file that is not there yet.

    Attributes:
        size: Bytes so far.
    """

    def __init__(self, stream: BufferedWriter, place: Path) -> None:
        self.size = 0
        self._stream = stream
        self._place = place
        self._hasher = hashlib.sha256()

    @property
    def digest(self) -> bytes:
        """SHA-256 of what it has so far."""
        return self._hasher.digest()

    async def write(self, piece: bytes) -> None:
        """Adds a piece."""
        self._hasher.update(piece)
        self.size += len(piece)
        await asyncio.to_thread(self._stream.write, piece)

    async def keep_as(self, target: Path) -> None:
        """Puts it, as it is now, where it belongs on the same file system, in place of one that is there."""
        await asyncio.to_thread(self._keep_as, target)

    def _keep_as(self, target: Path) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())
        make_folder(target.parent)
        self._place.replace(target)
        sync_folder(target.parent)


@asynccontextmanager
async def draft_in(folder: Path) -> AsyncIterator[Draft]:
    """Gives a draft, for this user only and under a name that begins with a dot; nothing stays of one that is not kept."""
    descriptor, name = await asyncio.to_thread(tempfile.mkstemp, prefix=".", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield Draft(stream, Path(name))
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108 - here, not in a thread: whoever was cancelled must not be so again before it
