"""Packages: what a zip file must be before it is taken, as rules about names and sizes; reading zips is the adapters' part.

A zip is read on many systems, so a name is judged by the strictest: what one system takes for a separator, a drive, a link or the same
name, no package may have.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bp_kit.errors import Refused

_SHOWN = 200
_MAX_NAME = 255
_KIB = 1024
# Below this an entry may pack as tightly as it likes: small texts do.
_RATIO_APPLIES_BYTES = 64 * _KIB


@dataclass(frozen=True)
class PackageLimits:
    """How large a package may be.

    Attributes:
        zip_bytes: The zip file.
        unpacked_bytes: All files together, unpacked.
        files: How many entries.
        ratio: Unpacked to packed size, of an entry and of all together.
        manifest_bytes: The manifest, unpacked.
    """

    zip_bytes: int = 256 * _KIB * _KIB
    unpacked_bytes: int = 512 * _KIB * _KIB
    files: int = 5000
    ratio: int = 100
    manifest_bytes: int = 2 * _KIB * _KIB


@dataclass(frozen=True)
class Lesson:
    """One sharable content object.

    Attributes:
        lesson_id: The item's identifier in the manifest.
        title: What people call it.
        href: The file to launch, relative to the package.
        mastery_score: 0 to 100; None: passed by completing it.
    """

    lesson_id: str
    title: str
    href: str
    mastery_score: float | None = None


@dataclass(frozen=True)
class Content:
    """What a checked zip holds.

    Attributes:
        digest: SHA-256 of the zip, hexadecimal.
        size_bytes: Of the zip.
        unpacked_bytes: Of its files.
        file_count: How many files.
        title: The manifest's title.
        lessons: In the manifest's order; at least one.
    """

    digest: str
    size_bytes: int
    unpacked_bytes: int
    file_count: int
    title: str
    lessons: tuple[Lesson, ...]


@dataclass(frozen=True)
class Package:
    """A course's content, never changed.

    Attributes:
        name: `countries/WSM/courses/vessel-identity/packages/{sha256}`.
        content: What it holds.
        create_time: When it was first kept here.
    """

    name: str
    content: Content
    create_time: datetime


@dataclass(frozen=True)
class Entry:
    """What a zip's directory says about one entry.

    Attributes:
        name: As it stands in the zip.
        packed_bytes: Compressed size.
        unpacked_bytes: Size when unpacked.
    """

    name: str
    packed_bytes: int
    unpacked_bytes: int


def shown(path: str) -> str:
    """Returns a path as it may be shown in an error: short, without control characters."""
    return "".join(letter if letter.isprintable() else "�" for letter in path)[:_SHOWN]


def check_name(name: str) -> None:
    """Refuses a name that some system would not keep inside the package.

    Raises:
        Refused: PACKAGE_PATH_UNREADABLE, PACKAGE_PATH_ABSOLUTE, PACKAGE_PATH_ESCAPES.
    """
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or parts[0].endswith(":") or name[1:2] == ":":
        raise Refused("PACKAGE_PATH_ABSOLUTE", path=shown(name))
    if ".." in parts:
        raise Refused("PACKAGE_PATH_ESCAPES", path=shown(name))
    odd = "\\" in name or any(not letter.isprintable() for letter in name)
    if odd or not name or len(name) > _MAX_NAME or any(part in ("", ".") for part in parts[:-1]):
        raise Refused("PACKAGE_PATH_UNREADABLE", path=shown(name))


def check_entries(entries: Iterable[Entry], limits: PackageLimits) -> None:
    """Checks all names and sizes before anything is unpacked.

    Raises:
        Refused: PACKAGE_TOO_MANY_FILES, PACKAGE_TOO_LARGE, PACKAGE_ZIP_BOMB, PACKAGE_DUPLICATE_NAME, and as `check_name`.
    """
    listed = list(entries)
    if len(listed) > limits.files:
        raise Refused("PACKAGE_TOO_MANY_FILES", count=len(listed), limit=limits.files)
    seen: set[str] = set()
    for entry in listed:
        check_name(entry.name)
        # The same file on systems that fold case or compose accents.
        folded = unicodedata.normalize("NFC", entry.name.rstrip("/")).casefold()
        if folded in seen:
            raise Refused("PACKAGE_DUPLICATE_NAME", path=shown(entry.name))
        seen.add(folded)
        _check_ratio(entry.name, entry.packed_bytes, entry.unpacked_bytes, limits)
    packed = sum(entry.packed_bytes for entry in listed)
    unpacked = sum(entry.unpacked_bytes for entry in listed)
    _check_ratio("*", packed, unpacked, limits)
    if unpacked > limits.unpacked_bytes:
        raise Refused("PACKAGE_TOO_LARGE", limit=limits.unpacked_bytes)


def _check_ratio(name: str, packed: int, unpacked: int, limits: PackageLimits) -> None:
    if unpacked > _RATIO_APPLIES_BYTES and unpacked > limits.ratio * max(packed, 1):
        raise Refused("PACKAGE_ZIP_BOMB", path=shown(name), limit=limits.ratio)
