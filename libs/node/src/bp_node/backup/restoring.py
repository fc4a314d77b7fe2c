"""`node restore`: makes a node's folder of an archive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import create_engine, delete, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from bp_kit.disk import sync_folder
from bp_kit.ports import new_id, system_clock
from bp_node import folder
from bp_node.backup import contents
from bp_node.backup.archive import unpack
from bp_node.backup.cipher import ArchiveError, SealedReader
from bp_node.backup.contents import Manifest
from bp_node.backup.interrupting import ended_cleanly
from bp_node.backup.passphrase import known_passphrase
from bp_node.backup.volumes import check_new, spread
from bp_node.failure import CommandError, told_plainly
from bp_node.migrating import knows
from bp_node.screen import say, say_json, working
from bp_node.services import NAMES
from bp_node.settings import FILE, load

_MIB = 1024 * 1024


def restore(
    archive: Path, target: Path, passphrase_file: Path | None, *, volumes: Path | None = None, as_json: bool
) -> None:
    """Restores a node into a new folder, or into new volumes.

    Args:
        archive: What `backup` made.
        target: The folder; with volumes, one that is made for the time being.
        passphrase_file: Holds the passphrase; asked for when None.
        volumes: Where the new volumes of a node in pods are; see `volumes.py`.
        as_json: Write JSON.

    Raises:
        CommandError: The archive cannot be read, is damaged, of a newer release or of another node, or the folder cannot be made;
            nothing is left behind.
    """
    with told_plainly("read", archive), archive.open("rb"):
        pass
    _refuse_taken(target)
    if volumes:
        check_new(volumes)
    passphrase = known_passphrase(passphrase_file)
    with working(f"restoring {archive.name}", quiet=as_json), ended_cleanly():
        manifest, incarnation = unpack_node(archive, target, passphrase)
        if volumes:
            _place(target, volumes, manifest)
        else:
            _fill_servers(target)
    if as_json:
        document = {"node": manifest.node_id, "dir": str(target.absolute()), "moment": manifest.moment}
        say_json({**document, "incarnation": incarnation})
        return
    say(f"{manifest.node_id} as it was at {manifest.moment} is in {volumes or target}")
    say("never run it and the old one at the same time: they have the same keys. Everybody has to sign in again")
    if not volumes:
        say(f"next: `bluepacific node up --dir {target}`")


def _place(target: Path, volumes: Path, manifest: Manifest) -> None:
    """Puts a restored node where its pods will look for it; what it is told of itself is the chart's, and not the backup's."""
    told = volumes / "node" / FILE
    try:
        with told_plainly("read", told):
            shutil.copyfile(told, target / FILE)
        if (expected := load(target).node_id) != manifest.node_id:
            raise CommandError(
                f"the backup is of {manifest.node_id}, but {expected} is to stand here; nothing was restored"
            )
        _fill_servers(target)
        spread(target, volumes)
    finally:
        shutil.rmtree(target, ignore_errors=True)


def _fill_servers(target: Path) -> None:
    """Fills the PostgreSQL databases that the node's settings name, if any, from the restored files, which are then gone."""
    urls = contents.databases_of(load(target)).urls
    files = {name: file for name in urls if (file := target / "data" / f"{name}.sqlite").is_file()}
    if files:
        from bp_node.backup import postgres  # noqa: PLC0415 - slow, and only here

        postgres.load(files, urls)
        for file in files.values():
            file.unlink()


def unpack_node(archive: Path, target: Path, passphrase: str) -> tuple[Manifest, str]:
    """Makes the folder, whole or not at all.

    Returns:
        The archive's manifest, and the exchange's new incarnation; none when its database was never made.

    Raises:
        CommandError: See `restore`.
    """
    with told_plainly("restore into", target), _published(target) as unfinished:
        try:
            with archive.open("rb") as file:
                manifest = unpack(SealedReader(file, passphrase), unfinished, lambda one: _check(one, target))
        except ArchiveError as error:
            raise CommandError(f"{archive} {error}; nothing was restored") from error
        if not (unfinished / FILE).is_file():
            raise CommandError(f"{archive} has no {FILE}; nothing was restored")
        folder.make(unfinished)
        try:
            incarnation = _begin_anew(unfinished)
        except DatabaseError as error:
            raise CommandError(f"a database in {archive} cannot be used: {error.orig}; nothing was restored") from error
        for place, _, _ in os.walk(unfinished):
            sync_folder(Path(place))
    return manifest, incarnation


@contextmanager
def _published(target: Path) -> Iterator[Path]:
    """Gives a folder beside the target, which gets its name when the block ends well, and is gone otherwise."""
    unfinished = Path(mkdtemp(prefix=f".{target.name}.restoring-", dir=target.absolute().parent))
    try:
        yield unfinished
        _refuse_taken(target)
        unfinished.rename(target)
        sync_folder(target.absolute().parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _refuse_taken(target: Path) -> None:
    if os.path.lexists(target):
        raise CommandError(f"{target} is there already: a node is restored into a new folder")


def _check(manifest: Manifest, target: Path) -> None:
    for name, revision in manifest.revisions.items():
        if name not in NAMES or (revision and not knows(f"bp_{name}", revision)):
            raise ArchiveError(
                f"was made by release {manifest.release}, which is newer than this one: install that first"
            )
    free = shutil.disk_usage(target.absolute().parent).free
    wanted = manifest.total_bytes + folder.ENOUGH_BYTES
    if free < wanted:
        raise CommandError(
            f"no disk space: {target.absolute().parent} has {free // _MIB} MiB free, the node needs {wanted // _MIB} MiB"
        )


def _begin_anew(restored: Path) -> str:
    """What must not go on where the backup left off: the exchange's numbering, and sign-ins that may have been ended since."""
    incarnation = ""
    if (restored / contents.EXCHANGE).is_file():
        incarnation = new_id()
        _number_anew(restored / contents.EXCHANGE, incarnation)
    if (restored / contents.IDENTITY).is_file():
        _end_sign_ins(restored / contents.IDENTITY)
    return incarnation


def _number_anew(database: Path, incarnation: str) -> None:
    from bp_exchange.adapters.tables import NodeRow  # noqa: PLC0415 - slow, and only here

    with _transaction(database) as session:
        session.execute(update(NodeRow).values(incarnation=incarnation, sequence=0, restored=True))


def _end_sign_ins(database: Path) -> None:
    from bp_identity.adapters.tables import CodeRow, RefreshTokenRow, SessionRow  # noqa: PLC0415 - slow, and only here

    with _transaction(database) as session:
        session.execute(delete(CodeRow))
        session.execute(delete(RefreshTokenRow))
        session.execute(update(SessionRow).where(SessionRow.revoke_time.is_(None)).values(revoke_time=system_clock()))


@contextmanager
def _transaction(database: Path) -> Iterator[Session]:
    engine = create_engine(f"sqlite:///{database}", hide_parameters=True)
    try:
        with Session(engine) as session, session.begin():
            yield session
    finally:
        engine.dispose()
