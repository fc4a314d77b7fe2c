"""Files of a service that are carried: its folders whole, of the node's files by content those that its rows name."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from bluepacific.moving.v1.move_service_pb2 import Folder
from bp_kit.blobs import CHUNK_BYTES
from bp_kit.disk import make_folder
from bp_kit.drafts import draft_in

_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def folders_of(settings: Any) -> dict[Folder.ValueType, Path]:
    """Returns the folders that a service keeps for itself, by what they are."""
    keys, sealed = getattr(settings, "key_dir", None), getattr(settings, "files_dir", None)
    found = {}
    if keys:
        found[Folder.FOLDER_KEYS] = Path(keys)
    if sealed:
        found[Folder.FOLDER_SEALED] = Path(sealed)
    return found


def digests_in(row: bytes) -> Iterator[str]:
    """Yields what in an encoded row may name a file by content: there may be more than files, never fewer."""
    yield from (found.decode() for found in _DIGEST.findall(row))


def listed(folder: Path) -> dict[str, bytes]:
    """Returns SHA-256 by name of the whole files of a folder; drafts, whose names begin with a dot, are none."""
    found = {}
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                file = Path(place, name)
                found[file.relative_to(folder).as_posix()] = _digest(file)
    return found


def forget_others(folder: Path, names: set[str]) -> None:
    """Deletes the files of a folder that are not named."""
    for name in listed(folder):
        if name not in names:
            (folder / name).unlink(missing_ok=True)


async def pieces_of(file: Path) -> AsyncIterator[bytes]:
    """Yields a file in pieces."""
    with file.open("rb") as stream:
        while piece := await asyncio.to_thread(stream.read, CHUNK_BYTES):
            yield piece


async def keep(folder: Path, name: str, digest: bytes, pieces: AsyncIterator[bytes]) -> bool:
    """Puts a file into a folder, whole or not at all, for this user only.

    Returns:
        Whether its content is what the digest says; nothing is kept otherwise.
    """
    target = folder / name
    await asyncio.to_thread(make_folder, target.parent)
    async with draft_in(target.parent) as draft:
        async for piece in pieces:
            await draft.write(piece)
        if draft.digest != digest:
            return False
        await draft.keep_as(target)
    return True


def _digest(file: Path) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
