"""Files by content: SHA-256 names them, so a file never changes and equal files are one.

Written to a temporary name, synced, then renamed: a name that exists is whole.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from bp_kit.disk import make_folder
from bp_kit.drafts import draft_in
from bp_kit.errors import Refused

CHUNK_BYTES = 256 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StoredBlob:
    """A file that is safely on disk: SHA-256 in hexadecimal, and size in bytes."""

    digest: str
    size: int


class BlobStore:
    """A folder of files by content.

    Args:
        folder: Made when missing; only this process's user can read it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        make_folder(folder / "incoming")

    def path(self, digest: str) -> Path:
        """Returns where the file of that digest is, or would be.

        Raises:
            ValueError: The digest is not 64 lower-case hexadecimal digits.
        """
        if not _DIGEST.fullmatch(digest):
            raise ValueError("a digest is 64 lower-case hexadecimal digits")
        return self._folder / digest[:2] / digest

    async def has(self, digest: str) -> bool:
        """Tells whether the whole file is here."""
        return await asyncio.to_thread(self.path(digest).is_file)

    async def put(self, chunks: AsyncIterable[bytes], *, limit: int) -> StoredBlob:
        """Stores what the chunks make up, in constant memory; nothing is kept when it fails.

        Args:
            chunks: The content in order.
            limit: Largest size in bytes.

        Raises:
            Refused: BODY_TOO_LARGE.
        """
        async with draft_in(self._folder / "incoming") as draft:
            async for chunk in chunks:
                if draft.size + len(chunk) > limit:
                    raise Refused("BODY_TOO_LARGE", limit=limit)
                await draft.write(chunk)
            digest = draft.digest.hex()
            await draft.keep_as(self.path(digest))
            return StoredBlob(digest, draft.size)

    async def remove(self, digest: str) -> None:
        """Destroys the file, if it is here. For files that only one service can have: equal files are one file.

        Raises:
            ValueError: The digest is not 64 lower-case hexadecimal digits.
        """
        await asyncio.to_thread(self.path(digest).unlink, missing_ok=True)

    async def at_hand(self, digest: str) -> Path:
        """Returns where the file is on this machine, for those who read it here and there; it is read at once.

        Raises:
            Refused: BLOB_NOT_HERE.
        """
        if not await self.has(digest):
            raise Refused("BLOB_NOT_HERE")
        return self.path(digest)

    async def open(self, digest: str) -> AsyncIterator[bytes]:
        """Yields the file in chunks of `CHUNK_BYTES`.

        Raises:
            Refused: BLOB_NOT_HERE.
        """
        try:
            file = await asyncio.to_thread(self.path(digest).open, "rb")
        except FileNotFoundError:
            raise Refused("BLOB_NOT_HERE") from None
        with file:
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield chunk
