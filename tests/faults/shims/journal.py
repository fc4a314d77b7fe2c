"""What a disk has when power failed: a folder rebuilt from the journal that shims.c wrote, without what was not synced.

The rules are those that POSIX promises and no more:

- What was written to a file is there once the file was synced. Until then each write may be lost, kept, or kept in part (sectors of 512
  bytes), in any order; so may a change of its size.
- A name (made, renamed, removed) is there once its folder was synced. Until then some of the oldest such changes may be there; a file
  system that keeps a journal of names keeps their order.

`keep` says how much of the rest survives: 0.0 nothing, which is the worst case for what was promised; 0.5 half of it, torn, which is the
worst case for what must still be readable.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_HEAD = struct.Struct("<BQQII")
_SECTOR = 512
# SQLite's index of the WAL lives in memory that processes share; it is made anew after a failure.
_VOLATILE = "-shm"


@dataclass(frozen=True)
class Change:
    """One line of the journal; `kind` is its letter in shims.c."""

    kind: str
    file: int
    offset: int
    first: bytes
    second: bytes


def read(journal: Path) -> Iterator[Change]:
    """Yields the changes, without one that was being written when the process ended."""
    raw = journal.read_bytes()
    at = 0
    while at + _HEAD.size <= len(raw):
        kind, file, offset, first, second = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        if at + first + second > len(raw):
            return
        yield Change(chr(kind), file, offset, raw[at : at + first], raw[at + first : at + first + second])
        at += first + second


@dataclass
class File:
    """A file's synced content, and what was done to it since."""

    content: bytearray = field(default_factory=bytearray)
    since: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        """Everything done is on disk."""
        for change in self.since:
            self._do(change, change.first)
        self.since.clear()

    def fail(self, chance: random.Random, keep: float) -> None:
        """Power fails: of what was not synced some is kept, in any order."""
        kept = [change for change in self.since if chance.random() < keep]
        chance.shuffle(kept)
        for change in kept:
            self._do(change, change.first[: chance.randrange(len(change.first) // _SECTOR + 1) * _SECTOR])
        self.since.clear()

    def _do(self, change: Change, data: bytes) -> None:
        if change.kind == "t":
            size = change.offset
            self.content[size:] = bytes(max(0, size - len(self.content)))
            return
        end = change.offset + len(data)
        if data and len(self.content) < end:
            self.content.extend(bytes(end - len(self.content)))
        self.content[change.offset : end] = data


class Folder:
    """A folder."""


@dataclass(frozen=True)
class Step:
    """A change of names: what they stand for afterwards (None: nothing), told in a folder."""

    folder: str
    names: tuple[tuple[str, File | Folder | None], ...]


class Disk:
    """A folder as its disk has it.

    Args:
        baseline: A copy of the folder from before the process began: all of it is on disk.
        root: The folder's path as the process knew it.
    """

    def __init__(self, baseline: Path, root: Path) -> None:
        self._root = os.path.realpath(root)
        # What each name stands for: as the process saw it, and as the disk has it.
        self._seen: dict[str, File | Folder] = {"": Folder()}
        for path in baseline.rglob("*"):
            self._seen[str(path.relative_to(baseline))] = (
                Folder() if path.is_dir() else File(bytearray(path.read_bytes()))
            )
        self._there = dict(self._seen)
        self._steps: list[Step] = []
        # By the number that the system gave it when it was opened.
        self._opened: dict[int, tuple[str, File | Folder]] = {}

    def apply(self, change: Change) -> None:
        """Does what the process did."""
        name = self._name(change.first) if change.kind in "ocmur" else ""
        match change.kind:
            case "o":
                self._opened[change.file] = (name, self._seen[name])
            case "c":
                self._step((name, File()))
                self._opened[change.file] = (name, self._seen[name])
            case "m":
                self._step((name, Folder()))
            case "u":
                self._step((name, None))
            case "r":
                self._step((name, None), (self._name(change.second), self._seen[name]))
            case "s":
                self._sync(*self._opened[change.file])
            case _:
                held = self._opened[change.file][1]
                assert isinstance(held, File)
                held.since.append(change)

    def _name(self, path: bytes) -> str:
        return os.fsdecode(path).removeprefix(self._root).removeprefix("/")

    def _step(self, *names: tuple[str, File | Folder | None]) -> None:
        # A name that moves from one folder to another moves in one step, with the folder that it goes to.
        self._steps.append(Step(names[-1][0].rpartition("/")[0], names))
        _take(self._seen, names)

    def _sync(self, name: str, held: File | Folder) -> None:
        if isinstance(held, File):
            held.sync()
            return
        for step in [one for one in self._steps if one.folder == name]:
            self._steps.remove(step)
            _take(self._there, step.names)

    def fail(self, into: Path, *, chance: random.Random, keep: float) -> None:
        """Power fails: writes what is left into a folder that is not there yet."""
        kept = 0
        while kept < len(self._steps) and chance.random() < keep:
            _take(self._there, self._steps[kept].names)
            kept += 1
        into.mkdir(mode=0o700)
        for name, held in sorted(self._there.items()):
            place = into / name
            if not name or not place.parent.is_dir() or name.endswith(_VOLATILE):
                continue  # also what stood in a folder that is lost
            if isinstance(held, Folder):
                place.mkdir(mode=0o700)
            else:
                held.fail(chance, keep)
                place.touch(0o600)
                place.write_bytes(held.content)


def _take(names: dict[str, File | Folder], changed: tuple[tuple[str, File | Folder | None], ...]) -> None:
    for name, held in changed:
        if held is None:
            names.pop(name, None)
        else:
            names[name] = held


def lose_power(root: Path, baseline: Path, journal: Path, *, chance: random.Random, keep: float) -> None:
    """Makes a folder, whose process has ended, what its disk would have if power had failed at that moment."""
    disk = Disk(baseline, root)
    for change in read(journal):
        disk.apply(change)
    shutil.rmtree(root)
    disk.fail(root, chance=chance, keep=keep)
