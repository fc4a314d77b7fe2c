"""A folder of archives: their names, and how many stay."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from bp_kit.disk import sync_folder

SUFFIX = ".bpb"


def place_in(target: Path, node_id: str, now: datetime) -> Path:
    """Returns the file to write: the target itself, or one named by node and time in it where it is a folder."""
    return target / f"{node_id}-{now:%Y%m%dT%H%M%SZ}{SUFFIX}" if target.is_dir() else target


def forget_old(folder: Path, node_id: str, keep: int) -> list[str]:
    """Deletes all but the newest archives of a node that were named by `place_in`, and returns the names of the deleted."""
    found = sorted(folder.glob(f"{node_id}-[0-9]*T[0-9]*Z{SUFFIX}"))
    old = found[: max(0, len(found) - keep)]
    for file in old:
        file.unlink()
    if old:
        sync_folder(folder)
    return [file.name for file in old]
