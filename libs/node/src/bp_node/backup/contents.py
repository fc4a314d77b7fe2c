"""What of a node belongs into a backup, by the names it has in the node's folder and in the archive."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bp_node.backup.cipher import ArchiveError
from bp_node.enrolling import RECORD_FILE
from bp_node.failure import CommandError
from bp_node.services import NAMES, settings_of
from bp_node.settings import FILE, NodeSettings

MANIFEST = "manifest.json"
EXCHANGE, IDENTITY = "data/exchange.sqlite", "data/identity.sqlite"
_KEYS, _BLOBS, _SEALED = "keys", "blobs", "sealed"
# Folders of files by content.
CONTENT_FOLDERS = (_BLOBS, _SEALED)
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
# Whatever else an archive names has no place in a node; so nothing can point outside of it.
_PLACES = re.compile(
    rf"{re.escape(FILE)}|{re.escape(RECORD_FILE)}|{_KEYS}(/{_PART}){{1,3}}|data/({'|'.join(NAMES)})\.sqlite"
    rf"|{_BLOBS}/[0-9a-f]{{2}}/[0-9a-f]{{64}}|{_SEALED}/[0-9a-f]{{64}}",
    re.ASCII,
)
_MOST_KEY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Manifest:
    """The archive's first file.

    Attributes:
        node_id: Whose backup.
        country: Of which country.
        release: Of the software that took it.
        moment: When, in UTC, ISO 8601.
        total_bytes: What it unpacks to, about.
        revisions: Of each database's schema, by service.
    """

    node_id: str
    country: str
    release: str
    moment: str
    total_bytes: int
    revisions: dict[str, str]

    def to_bytes(self) -> bytes:
        """Returns it as JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Manifest:
        """Reads it.

        Raises:
            ArchiveError: It is none.
        """
        try:
            found: dict[str, Any] = json.loads(raw)
            revisions = {str(name): str(revision) for name, revision in found["revisions"].items()}
            texts = {name: str(found[name]) for name in ("node_id", "country", "release", "moment")}
            return cls(**texts, total_bytes=int(found["total_bytes"]), revisions=revisions)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ArchiveError("has no readable manifest") from None


def has_place(name: str) -> bool:
    """Tells whether a file of that name belongs to a node."""
    return _PLACES.fullmatch(name) is not None


@dataclass(frozen=True)
class Databases:
    """Where a node's data is: all in files of its folder, or all in PostgreSQL.

    Attributes:
        files: SQLite files by service; those that were never made are left out.
        urls: PostgreSQL databases by service.
    """

    files: dict[str, Path]
    urls: dict[str, str]


def databases_of(settings: NodeSettings) -> Databases:
    """Returns where the node's data is.

    Raises:
        CommandError: A service keeps its data elsewhere, where this backup does not reach.
    """
    files, urls = {}, {}
    for name in NAMES:
        url, place = settings_of(name, settings).database_url, settings.place("data", f"{name}.sqlite")
        if not url.startswith("sqlite"):
            urls[name] = url
        elif Path(url.partition(":///")[2]).resolve() != place.resolve():
            raise CommandError(
                f"the data of {name} is outside of {settings.folder}: this backs up a node's folder only"
            )
        elif place.is_file():
            files[name] = place
    return Databases(files, urls)


def small_files(folder: Path) -> dict[str, bytes]:
    """Returns settings, enrolment record and keys, by name.

    Raises:
        CommandError: A key's file is too large to be one.
    """
    listed = [folder / FILE, folder / RECORD_FILE, *_key_files(folder / _KEYS)]
    found = {}
    for file in listed:
        name = file.relative_to(folder).as_posix()
        if file.is_file() and has_place(name):
            if file.stat().st_size > _MOST_KEY_BYTES:
                raise CommandError(f"{file} is too large for what it is: move it away")
            found[name] = file.read_bytes()
    return found


def _key_files(folder: Path) -> Iterator[Path]:
    # On the volumes of pods a service's keys are behind a link.
    for place, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        yield from (Path(place, name) for name in sorted(files))
