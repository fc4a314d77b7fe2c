"""The archive's inside: a tar stream whose first file is the manifest; no more than one piece of it is ever in memory."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from bp_node.backup.cipher import ArchiveError, SealedReader, SealedWriter
from bp_node.backup.contents import MANIFEST, Manifest, has_place

_PIECE_BYTES = 256 * 1024
_MOST_MANIFEST_BYTES = 64 * 1024


class Packer:
    """Writes an archive; whole only when the block ends well.

    Args:
        writer: Takes the stream.
        manifest: Of the archive.
    """

    def __init__(self, writer: SealedWriter, manifest: Manifest) -> None:
        self._writer = writer
        self._tar = tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT)  # type: ignore[call-overload] # noqa: SIM115 - it writes, which is all that tar needs; closed in __exit__
        self.add(MANIFEST, manifest.to_bytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._tar.close()
            self._writer.finish()

    def add(self, name: str, content: bytes) -> None:
        """Adds a small file."""
        self._add(name, io.BytesIO(content), len(content))

    def add_file(self, name: str, file: Path) -> None:
        """Adds a file from disk."""
        with file.open("rb") as opened:
            self._add(name, opened, os.fstat(opened.fileno()).st_size)

    def _add(self, name: str, content: IO[bytes], size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = size
        entry.mode = 0o600
        self._tar.addfile(entry, content)
        # tarfile remembers every file it has written; there may be very many.
        self._tar.members.clear()


def unpack(reader: SealedReader, folder: Path, check: Callable[[Manifest], None]) -> Manifest:
    """Unpacks an archive into an empty folder, and verifies it to its last byte.

    Args:
        reader: Gives the stream.
        folder: Where; all in it is for this user only.
        check: Is shown the manifest before anything is written.

    Raises:
        ArchiveError: It is damaged, or holds what has no place in a node.
    """
    try:
        with tarfile.open(fileobj=reader, mode="r|") as tar:  # type: ignore[call-overload] # it reads, which is all that tar needs
            manifest = _manifest(tar)
            check(manifest)
            while (entry := tar.next()) is not None:
                tar.members.clear()
                _write(tar, entry, folder)
    except tarfile.TarError as error:
        raise ArchiveError(f"holds what is no archive of a node: {error}") from error
    reader.drain()
    return manifest


def _manifest(tar: tarfile.TarFile) -> Manifest:
    entry = tar.next()
    content = tar.extractfile(entry) if entry and entry.isreg() and entry.name == MANIFEST else None
    if entry is None or content is None or entry.size > _MOST_MANIFEST_BYTES:
        raise ArchiveError("has no readable manifest")
    return Manifest.from_bytes(content.read())


def _write(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    if not entry.isreg() or not has_place(entry.name):
        raise ArchiveError(f"holds {entry.name!r}, which has no place in a node")
    target = folder / entry.name
    for parent in reversed(target.relative_to(folder).parents):
        (folder / parent).mkdir(mode=0o700, exist_ok=True)
    content = tar.extractfile(entry)
    assert content
    # O_EXCL: a name that comes twice is refused as well.
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := content.read(_PIECE_BYTES):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
