"""Packages in the node's blob store: taken in, checked, and read file by file.

A zip is checked in a temporary file and gets into the blob store only when it passes, so that a lying one leaves nothing behind. A
package that came from another country is checked here too, before the first byte of it is shown: its sender may be careless.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from pathlib import Path

from bp_kit.blobs import CHUNK_BYTES, BlobStore
from bp_kit.errors import Refused
from bp_training.adapters.scorm_zip import inspect_package, read_file
from bp_training.domain.package import Content, PackageLimits


class PackageStore:
    """Packages by their SHA-256.

    Args:
        blobs: The node's files.
        limits: How large packages may be.
    """

    def __init__(self, blobs: BlobStore, limits: PackageLimits) -> None:
        self._blobs = blobs
        self._limits = limits
        self._checked: set[str] = set()

    async def take(self, chunks: AsyncIterable[bytes]) -> Content:
        """Takes in a zip, checks it, and keeps it.

        Raises:
            Refused: BODY_TOO_LARGE, one of the PACKAGE_ reasons; then nothing is kept.
        """
        descriptor, name = await asyncio.to_thread(tempfile.mkstemp, prefix="bp-package-")
        file = Path(name)
        try:
            digest = await self._write(descriptor, chunks)
            content = await asyncio.to_thread(inspect_package, file, digest, self._limits)
            await self._blobs.put(_read(file), limit=self._limits.zip_bytes)
        finally:
            await asyncio.to_thread(file.unlink)
        self._checked.add(digest)
        return content

    async def _write(self, descriptor: int, chunks: AsyncIterable[bytes]) -> str:
        hasher, size = hashlib.sha256(), 0
        with os.fdopen(descriptor, "wb") as stream:
            async for chunk in chunks:
                size += len(chunk)
                if size > self._limits.zip_bytes:
                    raise Refused("BODY_TOO_LARGE", limit=self._limits.zip_bytes)
                hasher.update(chunk)
                await asyncio.to_thread(stream.write, chunk)
        return hasher.hexdigest()

    async def has(self, digest: str) -> bool:
        """Tells whether the zip is at this node."""
        return await self._blobs.has(digest)

    async def whole(self, digest: str) -> AsyncIterator[bytes]:
        """Yields the zip in pieces.

        Raises:
            Refused: BLOB_NOT_HERE, one of the PACKAGE_ reasons.
        """
        await self._check(digest)
        async for piece in self._blobs.open(digest):
            yield piece

    async def file(self, digest: str, path: str) -> AsyncIterator[bytes]:
        """Yields one file of the package in pieces.

        Raises:
            Refused: BLOB_NOT_HERE, NOT_FOUND, one of the PACKAGE_ reasons.
        """
        await self._check(digest)
        pieces = read_file(await self._blobs.at_hand(digest), path)
        while (piece := await asyncio.to_thread(_next, pieces)) is not None:
            yield piece

    async def _check(self, digest: str) -> None:
        if digest in self._checked:
            return
        await asyncio.to_thread(inspect_package, await self._blobs.at_hand(digest), digest, self._limits)
        self._checked.add(digest)


async def _read(file: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(file.open, "rb") as stream:
        while chunk := await asyncio.to_thread(stream.read, CHUNK_BYTES):
            yield chunk


def _next(pieces: Iterator[bytes]) -> bytes | None:
    return next(pieces, None)
