"""What goes into a bundle: files of folders, and the members of images' archives, each once by its content."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO

import zstandard

from bp_kit.disk import make_folder, sync_folder
from bp_node.bundling.manifest import FILES, BundleError, Item, require_path

_PIECE_BYTES = 1024 * 1024
_LEVEL = 19


class Gathering:
    """Puts contents into a bundle's folder.

    Args:
        folder: Of the bundle.
        known: Digests that need not be in it.
        tell: Is told of each path.

    Attributes:
        items: What was gathered.
        archives: Paths of archives that were taken apart.
        carried: Bytes that were written.
    """

    def __init__(self, folder: Path, known: Collection[str], tell: Callable[[str], None]) -> None:
        self._files = folder / FILES
        make_folder(self._files)
        self._known = known
        self._tell = tell
        self.items: list[Item] = []
        self.archives: list[str] = []
        self.carried = 0

    def add_folder(self, name: str, folder: Path) -> None:
        """Adds a folder's files, or one file.

        Raises:
            BundleError: One of them has a name that cannot be in a bundle.
        """
        if folder.is_file():
            self._add_file(name, folder)
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self._add_file(f"{name}/{file.relative_to(folder).as_posix()}", file)

    def _add_file(self, path: str, file: Path) -> None:
        with file.open("rb") as opened:
            self._add(path, opened)

    def add_archive(self, name: str, archive: Path) -> None:
        """Adds the members of a tar archive, as `docker save` and OCI tools write images.

        Raises:
            BundleError: It is none, or has what an image has not.
        """
        self.archives.append(name)
        try:
            with tarfile.open(archive) as tar:
                for member in tar:
                    if member.isreg() and (content := tar.extractfile(member)):
                        self._add(f"{name}/{member.name.removeprefix('./')}", content)
                    elif not member.isdir():
                        raise BundleError(f"{archive}: {member.name!r} is neither a file nor a folder")
        except tarfile.TarError as error:
            raise BundleError(f"{archive} is no archive of an image: {error}") from None

    def _add(self, path: str, content: IO[bytes]) -> None:
        require_path(path)
        self._tell(path)
        hasher, size = hashlib.sha256(), 0
        for piece in _pieces(content):
            hasher.update(piece)
            size += len(piece)
        digest = hasher.hexdigest()
        self.items.append(Item(path, digest, size))
        target = self._files / f"{digest}.zst"
        if digest not in self._known and not target.exists():
            content.seek(0)
            self._compress(content, target)

    def _compress(self, content: IO[bytes], target: Path) -> None:
        part = target.with_suffix(".part")
        with part.open("wb") as opened:
            zstandard.ZstdCompressor(level=_LEVEL, threads=-1).copy_stream(content, opened)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(target)
        sync_folder(target.parent)
        self.carried += target.stat().st_size


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    while piece := content.read(_PIECE_BYTES):
        yield piece
