"""The passphrase of a backup: from a file that only its user can read, or asked for on a terminal."""

from __future__ import annotations

import getpass
import os
import stat
import sys
import unicodedata
from pathlib import Path

from bp_node.failure import CommandError, told_plainly

_SHORTEST = 12
_LONGEST_BYTES = 4096
_NOBODY = "nobody can be asked for the passphrase here: give --passphrase-file FILE"


def new_passphrase(file: Path | None) -> str:
    """Returns the passphrase for a new archive; a person types it twice.

    Raises:
        CommandError: It is too short, was mistyped, or cannot be had.
    """
    found = _from_file(file) if file else _asked("Passphrase for the backup: ")
    if len(found) < _SHORTEST:
        raise CommandError(
            f"the passphrase is too short: take at least {_SHORTEST} characters, best five words or more"
        )
    if not file and _asked("The same again: ") != found:
        raise CommandError("these were two different passphrases; nothing was written")
    return found


def known_passphrase(file: Path | None) -> str:
    """Returns the passphrase of an archive.

    Raises:
        CommandError: It cannot be had.
    """
    return _from_file(file) if file else _asked("Passphrase of the backup: ")


def _asked(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise CommandError(_NOBODY)
    try:
        return _plain(getpass.getpass(prompt))
    except EOFError:
        raise CommandError(_NOBODY) from None


def _from_file(file: Path) -> str:
    with told_plainly("read the passphrase in", file), file.open("rb") as opened:
        found = file.stat()
        # A Secret in a pod is root's, and readable by the pod's own group.
        others = stat.S_IMODE(found.st_mode) & (0o077 if found.st_uid == os.geteuid() else 0o007)
        raw = opened.read(_LONGEST_BYTES)
    if others and file.is_file():
        raise CommandError(f"others may read the passphrase in {file}: run `chmod 600 {file}` first")
    lines = raw.splitlines()
    try:
        return _plain(lines[0].decode()) if lines else ""
    except UnicodeDecodeError:
        raise CommandError(f"the passphrase in {file} is not text in UTF-8") from None


def _plain(text: str) -> str:
    """Two keyboards may write one letter in two ways."""
    return unicodedata.normalize("NFC", text)
