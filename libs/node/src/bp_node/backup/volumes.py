"""A node in pods: a volume a service and one of files, seen as the one folder that a backup copies, and filled from a restored one.

`<volumes>/<service>` is what the service's pod calls its home (`data/<service>.sqlite`, `keys/<service>`, and the exchange's `sealed` and
enrolment record), `<volumes>/blobs` the files by content, `<volumes>/node/node.toml` what the chart says of the node. Where databases are
PostgreSQL or files are in a bucket, there is less on the volumes, and some are not there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from bp_node.enrolling import RECORD_FILE
from bp_node.failure import CommandError, told_plainly
from bp_node.services import NAMES
from bp_node.settings import FILE

_EXCHANGE = "exchange"
# What a new disk has on it.
_OF_DISK = "lost+found"


def gather(volumes: Path, folder: Path) -> None:
    """Makes `folder` a node's folder whose parts are links to what is on the volumes.

    Raises:
        CommandError: These are not the volumes of a node, or the folder cannot be made.
    """
    settings = volumes / "node" / FILE
    if not settings.is_file():
        raise CommandError(f"{settings} is not there: {volumes} has not the volumes of a node")
    with told_plainly("make", folder):
        shutil.rmtree(folder, ignore_errors=True)
        for part in ("data", "keys", "run"):
            (folder / part).mkdir(mode=0o700, parents=True)
        shutil.copyfile(settings, folder / FILE)
        for name, source in _parts(volumes):
            if source.exists():
                (folder / name).symlink_to(source)


def check_new(volumes: Path) -> None:
    """Refuses volumes that hold anything of a node.

    Raises:
        CommandError: They do.
    """
    with told_plainly("look at", volumes):
        for _, target in _parts(volumes):
            if target.is_file() or (target.is_dir() and any(one.name != _OF_DISK for one in target.iterdir())):
                raise CommandError(f"{target} is there already: a node is restored into new volumes")


def spread(folder: Path, volumes: Path) -> None:
    """Moves a restored node's parts to the volumes, which are new.

    Raises:
        CommandError: A service has no volume here, or one cannot be written to.
    """
    for name, target in _parts(volumes):
        source, volume = folder / name, volumes / target.relative_to(volumes).parts[0]
        if not source.exists() or (source.is_dir() and not any(source.iterdir())):
            continue
        with told_plainly("write", target):
            if not volume.is_dir():
                raise CommandError(f"{volume} is not there, but the backup has {name}")
            _move(source, target)
    os.sync()


def _parts(volumes: Path) -> Iterator[tuple[str, Path]]:
    """Yields the names that a node's parts have in its folder, with where they are on the volumes."""
    for service in NAMES:
        yield f"data/{service}.sqlite", volumes / service / "data" / f"{service}.sqlite"
        yield f"keys/{service}", volumes / service / "keys" / service
    yield RECORD_FILE, volumes / _EXCHANGE / RECORD_FILE
    yield "sealed", volumes / _EXCHANGE / "sealed"
    yield "blobs", volumes / "blobs"


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if source.is_dir() and target.is_dir():
        for one in source.iterdir():
            shutil.move(one, target / one.name)
    else:
        shutil.move(source, target)
