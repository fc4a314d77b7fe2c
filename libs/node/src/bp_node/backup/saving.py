"""`node backup`: takes the archive."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bp_kit.disk import sync_folder
from bp_kit.ports import system_clock
from bp_node import folder
from bp_node.backup import contents, moment
from bp_node.backup.archive import Packer
from bp_node.backup.cipher import SealedWriter
from bp_node.backup.contents import Databases, Manifest
from bp_node.backup.interrupting import ended_cleanly
from bp_node.backup.keeping import forget_old, place_in
from bp_node.backup.passphrase import new_passphrase
from bp_node.backup.volumes import gather
from bp_node.failure import CommandError, told_plainly
from bp_node.migrating import revision_in
from bp_node.screen import say, say_json, working
from bp_node.settings import NodeSettings, load

# In the folder's `run`: what doctor reads.
LAST_BACKUP = "last-backup.json"
_PAGES = 4096
_MIB = 1024 * 1024


@dataclass(frozen=True)
class _Moment:
    """What is copied: small files by name, a reader of each database, and folders of links to files by content."""

    small: Mapping[str, bytes]
    readers: Mapping[str, sqlite3.Connection]
    staged: Mapping[str, Path]

    def bytes(self) -> int:
        small = sum(map(len, self.small.values()))
        return small + sum(map(_size, self.readers.values())) + sum(one.stat().st_size for _, one in self.files())

    def files(self) -> Iterator[tuple[str, Path]]:
        for name, staging in self.staged.items():
            for one in moment.names(staging):
                yield f"{name}/{one}", staging / one


@dataclass(frozen=True)
class Saved:
    """A backup that is whole on disk: its file, size in bytes, and manifest."""

    file: Path
    size: int
    manifest: Manifest


def backup(
    directory: Path,
    target: Path,
    passphrase_file: Path | None,
    *,
    volumes: Path | None = None,
    keep: int = 0,
    as_json: bool,
) -> None:
    """Backs up the node of a folder, running or not.

    Args:
        directory: The node's folder; with volumes, one that is made for the time being.
        target: The archive, or a folder of archives.
        passphrase_file: Holds the passphrase; asked for when None.
        volumes: Where the volumes of a node in pods are; see `volumes.py`.
        keep: How many archives of the node stay in that folder; 0 for all.
        as_json: Write JSON.

    Raises:
        CommandError: It cannot be read or written, or is kept where this does not reach; nothing is left behind.
    """
    if volumes:
        gather(volumes, directory)
    settings = load(directory)
    databases = contents.databases_of(settings)
    target = place_in(target, settings.node_id, system_clock())
    _refuse_taken(target)
    passphrase = new_passphrase(passphrase_file)
    with ExitStack() as stack:
        stack.enter_context(working(f"backing up {settings.node_id}", quiet=as_json))
        stack.enter_context(ended_cleanly())
        if volumes:
            # The folder is this process's own; what must not be copied twice at once is behind its links.
            stack.enter_context(moment.alone(target.absolute().parent))
        saved = save(settings, databases, target, passphrase)
        forgotten = forget_old(target.parent, settings.node_id, keep) if keep else []
    _remember(settings, saved)
    outside = _outside(settings)
    if as_json:
        document = {"file": str(saved.file), "bytes": saved.size, "moment": saved.manifest.moment}
        say_json({"node": settings.node_id, **document, "notIncluded": outside, "forgotten": forgotten})
        return
    say(f"{settings.node_id} as it was at {saved.manifest.moment} is in {saved.file} ({saved.size / _MIB:.1f} MiB)")
    for name in forgotten:
        say(f"{name} was deleted: {keep} are kept")
    for file in outside:
        say(f"not in it, for it is outside of {settings.folder}: {file}")


def save(settings: NodeSettings, databases: Databases, target: Path, passphrase: str) -> Saved:
    """Writes the archive.

    Args:
        settings: The node's.
        databases: Where its data is.
        target: Where the archive goes; not there yet.
        passphrase: Opens it.

    Raises:
        CommandError: A file cannot be read or written, or a database is damaged.
    """
    with told_plainly("read the node in", settings.folder), ExitStack() as stack:
        stack.enter_context(moment.alone(settings.folder))
        staged = {name: stack.enter_context(moment.kept(settings.place(name))) for name in contents.CONTENT_FOLDERS}
        small: dict[str, bytes] = {}

        def link_files() -> None:
            for name, staging in staged.items():
                moment.link(settings.place(name), staging)

        def meanwhile() -> None:
            link_files()
            small.update(contents.small_files(settings.folder))

        # Most of it ahead, so that the locks are held for a short time only.
        link_files()
        try:
            readers = stack.enter_context(_one_moment(settings, databases, meanwhile))
            held = _Moment(small, readers, staged)
            manifest = _manifest(settings, held)
            _check_room(settings, target, readers, manifest.total_bytes)
            with _published(target) as unfinished:
                _pack(settings, held, manifest, unfinished, passphrase)
        except sqlite3.Error as error:
            raise CommandError(f"a database of {settings.folder} cannot be copied: {error}") from error
    return Saved(target.absolute(), target.stat().st_size, manifest)


def _one_moment(
    settings: NodeSettings, databases: Databases, meanwhile: Callable[[], None]
) -> AbstractContextManager[dict[str, sqlite3.Connection]]:
    if databases.urls and databases.files:
        raise CommandError(
            f"the data of {', '.join(databases.urls)} is in PostgreSQL and that of {', '.join(databases.files)} in files: "
            "one moment of both cannot be had; put all into one of them"
        )
    if not databases.urls:
        return moment.one_moment(databases.files, meanwhile)
    from bp_node.backup import postgres  # noqa: PLC0415 - slow, and only here

    return postgres.one_moment(databases.urls, meanwhile, settings.place("run"))


def _pack(settings: NodeSettings, held: _Moment, manifest: Manifest, unfinished: Path, passphrase: str) -> None:
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with Packer(SealedWriter(file, passphrase), manifest) as packer:
            for name, content in held.small.items():
                packer.add(name, content)
            # First, for while a database's moment is kept, its write-ahead log grows.
            for name, reader in held.readers.items():
                with _copied(settings, name, reader) as copy:
                    packer.add_file(f"data/{name}.sqlite", copy)
            for name, one in held.files():
                packer.add_file(name, one)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _copied(settings: NodeSettings, name: str, reader: sqlite3.Connection) -> Iterator[Path]:
    """Gives a copy of a database as of the moment, made by SQLite's own backup and checked by it; never outside of the node's folder."""
    copy = settings.place("run", f"{name}.copying")
    try:
        copy.unlink(missing_ok=True)
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(copy, isolation_level=None)) as target:
            reader.backup(target, pages=_PAGES, sleep=0)
            # Damage is told today, not on the day the backup is needed.
            found = target.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise CommandError(f"the database of {name} is damaged; restore an earlier backup. SQLite says: {found}")
        reader.execute("ROLLBACK")
        yield copy
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            copy.with_name(copy.name + suffix).unlink(missing_ok=True)


@contextmanager
def _published(target: Path) -> Iterator[Path]:
    """Gives a file to write to, which gets the target's name when the block ends well, and is gone otherwise."""
    unfinished = target.with_name(f".{target.name}.part")
    with told_plainly("write", target):
        try:
            yield unfinished
            _refuse_taken(target)
            unfinished.rename(target)
        finally:
            # In a folder that cannot be used there is nothing to remove.
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
        sync_folder(target.absolute().parent)


def _refuse_taken(target: Path) -> None:
    if os.path.lexists(target):
        raise CommandError(f"{target} is there already: choose another name, or move it away")


def _manifest(settings: NodeSettings, held: _Moment) -> Manifest:
    return Manifest(
        node_id=settings.node_id,
        country=settings.country,
        release=version("bluepacific-node"),
        moment=system_clock().isoformat(timespec="seconds"),
        total_bytes=held.bytes(),
        revisions={name: revision_in(reader) or "" for name, reader in held.readers.items()},
    )


def _size(reader: sqlite3.Connection) -> int:
    pages, size = reader.execute("PRAGMA page_count").fetchone()[0], reader.execute("PRAGMA page_size").fetchone()[0]
    return int(pages) * int(size)


def _check_room(settings: NodeSettings, target: Path, readers: Mapping[str, sqlite3.Connection], total: int) -> None:
    """Refuses before anything is half written: the archive at its place, and the largest database once more in the node's folder."""
    largest = max(map(_size, readers.values()), default=0)
    for place, wanted in ((target.absolute().parent, total + total // 16 + _MIB), (settings.folder, largest)):
        with told_plainly("use", place):
            free = shutil.disk_usage(place).free
        if free < wanted:
            need = -(-wanted // _MIB)
            raise CommandError(f"no disk space: {place} has {free // _MIB} MiB free, the backup needs {need} MiB there")


def _outside(settings: NodeSettings) -> list[str]:
    files = (settings.tls_certificate, settings.tls_key)
    return [str(file) for file in files if file is not None]


def _remember(settings: NodeSettings, saved: Saved) -> None:
    document = {"time": saved.manifest.moment, "file": str(saved.file), "bytes": saved.size}
    file = settings.place("run", LAST_BACKUP)
    folder.write_secret(file, json.dumps(document))
    if os.geteuid() == 0:
        # Root may back up any node; what it leaves there is the node's.
        owner = settings.folder.stat()
        os.chown(file, owner.st_uid, owner.st_gid)
