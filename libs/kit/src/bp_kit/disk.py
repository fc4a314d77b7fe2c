"""Files and folders that are there after a power failure, names and all, once a call has returned.

Syncing a file keeps its content; its name is kept by syncing the folder it stands in, and that folder's name by the one above.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Returns when the names in a folder are on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Makes a folder that only this user can read, with those above it, unless it is there."""
    if not folder.is_dir():
        if folder.parent != folder:
            make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    # Also one that was there: whoever made it may have been killed before this.
    sync_folder(folder.parent)


def write_private(file: Path, content: bytes, *, replace: bool) -> None:
    """Writes a file that only this user can read, whole or not at all.

    Args:
        file: Where.
        content: What.
        replace: Takes the place of one that is there; that one is left alone otherwise.
    """
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            draft.replace(file)
        else:
            _link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(file.parent)


def _link(draft: Path, file: Path) -> None:
    try:
        os.link(draft, file)
    except FileExistsError:
        return
