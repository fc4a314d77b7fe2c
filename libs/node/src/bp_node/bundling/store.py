"""Where releases are kept on a machine: contents once, and a folder a release made of them, which is there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from bp_kit.disk import make_folder, sync_folder, write_private
from bp_node.bundling.manifest import FILES, MANIFEST, Item, Manifest

RELEASES = "releases"
KEY = "release.pub"
# The newest ones; one to go back to.
_KEPT = 2
_PIECE_BYTES = 1024 * 1024


class Store:
    """A folder of releases.

    Args:
        folder: Made when missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (FILES, RELEASES):
            make_folder(folder / name)

    def key(self) -> bytes | None:
        """Returns the key that is trusted here; None before the first installation."""
        file = self.folder / KEY
        return file.read_bytes() if file.is_file() else None

    def trust(self, key: bytes) -> None:
        """Keeps the key of the first installation."""
        if self.key() is None:
            write_private(self.folder / KEY, key, replace=False)

    def has(self, item: Item) -> bool:
        """Tells whether an item's content is here, and is what it was."""
        place = self._place(item)
        return place.is_file() and _digest(place) == item.digest

    def take(self, item: Item, pieces: Iterable[bytes]) -> None:
        """Keeps a content, on disk when this returns."""
        part = self._place(item).with_suffix(".part")
        with part.open("wb") as opened:
            for piece in pieces:
                opened.write(piece)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(self._place(item))

    def releases(self) -> list[Manifest]:
        """Returns what is installed, the newest first."""
        found = [Manifest.from_bytes(file.read_bytes()) for file in (self.folder / RELEASES).glob(f"*/{MANIFEST}")]
        return sorted(found, key=lambda one: one.create_time, reverse=True)

    def place_of(self, release: str) -> Path:
        """Returns a release's folder."""
        return self.folder / RELEASES / release

    def lay_out(self, manifest: Manifest) -> Path:
        """Makes a release's folder; archives are put together in the order of their members' names."""
        target = self.place_of(manifest.release)
        part = target.with_name(f".{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        for archive in manifest.archives:
            self._pack(part / archive, archive, manifest.items)
        for item in manifest.items:
            if not any(item.path.startswith(f"{archive}/") for archive in manifest.archives):
                place = part / item.path
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self._place(item), place)
        (part / MANIFEST).write_bytes(manifest.to_bytes())
        _sync(part)
        shutil.rmtree(target, ignore_errors=True)
        part.replace(target)
        sync_folder(target.parent)
        return target

    def _pack(self, target: Path, archive: str, items: Iterable[Item]) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
            for item in items:
                if item.path.startswith(f"{archive}/"):
                    entry = tarfile.TarInfo(item.path.removeprefix(f"{archive}/"))
                    entry.size, entry.mode = item.size, 0o644
                    with self._place(item).open("rb") as opened:
                        tar.addfile(entry, opened)

    def forget(self) -> None:
        """Drops all but the newest releases, and what only the others had."""
        kept, old = self.releases()[:_KEPT], self.releases()[_KEPT:]
        for one in old:
            shutil.rmtree(self.place_of(one.release))
        needed = {item.digest for one in kept for item in one.items}
        for file in (self.folder / FILES).iterdir():
            if file.name not in needed:
                file.unlink()

    def _place(self, item: Item) -> Path:
        return self.folder / FILES / item.digest


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    for file in _below(folder):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
    for one in (folder, *(place for place in folder.rglob("*") if place.is_dir())):
        sync_folder(one)


def _below(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file())
