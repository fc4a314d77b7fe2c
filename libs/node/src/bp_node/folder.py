"""A node's folder: what stands where, made for its own user only, and held by one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bp_kit import disk
from bp_node.failure import CommandError, told_plainly

PARTS = ("data", "keys", "blobs", "run", "backups")
RUN_FILE = "node.json"
# An embedded node with its databases, a few courses and its backups; below this it is not worth starting.
ENOUGH_BYTES = 200 * 1024 * 1024


def make(folder: Path) -> None:
    """Makes the folder and its parts with mode 0700.

    Raises:
        CommandError: It cannot be made, or its disk is full.
    """
    with told_plainly("make", folder):
        disk.make_folder(folder)
        folder.chmod(0o700)
        for part in PARTS:
            disk.make_folder(folder / part)
    check_space(folder)


def check_space(folder: Path, wanted: int = ENOUGH_BYTES) -> None:
    """Refuses a folder whose disk is as good as full, before anything is half written.

    Raises:
        CommandError: It is.
    """
    with told_plainly("look at", folder):
        free = shutil.disk_usage(folder).free
    if free < wanted:
        mib = 1024 * 1024
        raise CommandError(f"no disk space: {folder} has {free // mib} MiB free, {wanted // mib} MiB are needed")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds the folder for this process; the system lets go of it however the process ends.

    Raises:
        CommandError: Another process holds it.
    """
    with told_plainly("use", folder):
        (folder / "run").mkdir(mode=0o700, exist_ok=True)
        file = (folder / "run" / "lock").open("a")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(f"{folder} is in use by another bluepacific process") from error
        yield


def write_run_file(folder: Path, document: dict[str, Any]) -> None:
    """Says which process runs here and since when, for `node status` and the region."""
    told = json.dumps({"pid": os.getpid(), **document})
    disk.write_private(folder / "run" / RUN_FILE, told.encode(), replace=True)


def read_run_file(folder: Path) -> dict[str, Any]:
    """Returns what the last process here said of itself; empty when there was none."""
    try:
        found = json.loads((folder / "run" / RUN_FILE).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_secret(file: Path, text: str) -> None:
    """Writes a file that only this user can read.

    Raises:
        CommandError: It cannot be written.
    """
    with told_plainly("write", file):
        disk.write_private(file, text.encode(), replace=True)


def secret_of(file: Path, size: int = 32) -> bytes:
    """Returns the random secret kept in a file; made when missing.

    Raises:
        CommandError: It cannot be read or written.
    """
    if not file.exists():
        write_secret(file, os.urandom(size).hex())
    with told_plainly("read", file):
        return bytes.fromhex(file.read_text().strip())
