"""Checks of the node's folder: who may read it, its keys, its disk, its last backup."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from bp_node import folder
from bp_node.backup.saving import LAST_BACKUP
from bp_node.doctor.finding import CannotLookError, Finding, Patient

_KEYS = ("sign.key", "sealing.key", "tls.pem")
_OTHERS = 0o077
_MIB = 1024 * 1024
_PLENTY = 5 * folder.ENOUGH_BYTES
_OLD = timedelta(days=7)


def check_rights(patient: Patient) -> Iterator[Finding]:
    """Only the node's user may read its folder, and everything in it is that user's."""
    place = patient.settings.folder
    for part in (place, *(place / name for name in folder.PARTS)):
        if not part.is_dir():
            yield Finding(f"the folder {part} is missing", f"install -d -m 0700 {part}")
        elif stat.S_IMODE(part.stat().st_mode) & _OTHERS:
            yield Finding(f"others on this machine may enter {part}", f"chmod go= {part}")
    owner = place.stat().st_uid
    strangers = [file for file in _own_files(place) if file.lstat().st_uid != owner]
    if strangers:
        name = _name(owner)
        yield Finding(
            f"{strangers[0]} and {len(strangers) - 1} more do not belong to {name}, as the node's folder does: "
            "a command was run as another user",
            f"chown -R {name}: {place}",
        )


def check_keys(patient: Patient) -> Iterator[Finding]:
    """The node's keys are there, and nobody else may read them."""
    keys = patient.settings.place("keys")
    wanted = [keys / "exchange" / name for name in _KEYS]
    if patient.settings.place("data", "identity.sqlite").exists() and not has_signing_key(keys):
        wanted.append(keys / "identity" / "signing-….json")
    missing = [file for file in wanted if not file.is_file() or not file.stat().st_size]
    if missing:
        named = ", ".join(str(file.relative_to(keys)) for file in missing)
        yield Finding(
            f"keys are missing ({named}): without them the node is not itself, and a start would make others",
            "bluepacific node restore BACKUP --dir NEW",
        )
    readable = [file for file in _files(keys) if stat.S_IMODE(file.stat().st_mode) & _OTHERS]
    if readable:
        yield Finding(f"others may read {len(readable)} keys, such as {readable[0]}", f"chmod -R go= {keys}")


def has_signing_key(keys: Path) -> bool:
    """Tells whether identity has a key to sign tokens with."""
    return any((keys / "identity").glob("signing-*.json"))


def check_disk(patient: Patient) -> Iterator[Finding]:
    """There is room to work."""
    place = patient.settings.folder
    free = shutil.disk_usage(place).free
    if free < _PLENTY:
        yield Finding(
            f"the disk of {place} has {free // _MIB} MiB free; below {folder.ENOUGH_BYTES // _MIB} MiB the node does not start",
            f"du -xh --max-depth=2 {place} | sort -h | tail",
            urgent=free < 2 * folder.ENOUGH_BYTES,
        )


def check_backup(patient: Patient) -> Iterator[Finding]:
    """The last backup is not old."""
    place = patient.settings.folder
    mend = f"bluepacific node backup --dir {place} --to FILE"
    file = place / "run" / LAST_BACKUP
    try:
        taken = datetime.fromisoformat(json.loads(file.read_text())["time"])
    except FileNotFoundError:
        yield Finding("this node was never backed up", mend, urgent=False)
        return
    except (ValueError, KeyError, TypeError) as error:
        raise CannotLookError(f"{file} cannot be read") from error
    age = patient.now - taken
    if age > _OLD:
        yield Finding(f"the last backup is {age.days} days old", mend, urgent=False)


def _own_files(place: Path) -> Iterator[Path]:
    """All but the many files by content: their folders stand for them."""
    for name in ("data", "keys", "run"):
        yield from _files(place / name)
    yield from (place / "blobs").glob("*")


def _files(place: Path) -> Iterator[Path]:
    for found, _, names in os.walk(place):
        yield from (Path(found, name) for name in names)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
