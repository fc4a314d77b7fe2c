"""Zip files that may lie, checked before anybody gets to see what is in them.

Order matters: what the directory says is judged first (count, names, sizes, kinds), so that a bomb is refused before a byte of it is
unpacked. Then every entry is unpacked once, in pieces, and must be what the directory promised: size, checksum, a place of its own.
Blocking; runs in a thread.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bp_kit.errors import Refused
from bp_training.adapters.scorm_manifest import Manifest, read_manifest
from bp_training.domain.package import Content, Entry, PackageLimits, check_entries, shown

MANIFEST = "imsmanifest.xml"
_PIECE = 256 * 1024
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_LOCAL_HEADER = 30
_FIRST_BYTES = b"PK\x03\x04"
_END, _END_BYTES = b"PK\x05\x06", 22
_WIDE_LOCATOR, _WIDE_LOCATOR_BYTES = b"PK\x06\x07", 20
_WIDE_END_BYTES = 56
# The record at the end, its longest comment, and the zip64 records before it.
_TAIL_BYTES = _END_BYTES + 65_535 + _WIDE_LOCATOR_BYTES + _WIDE_END_BYTES
# A directory entry with the longest name we take, in four-byte letters, and room for what tools add.
_ENTRY_BYTES = 46 + 4 * 255 + 256
# What a broken or hostile zip can make the standard library raise.
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


def inspect_package(file: Path, digest: str, limits: PackageLimits) -> Content:
    """Checks a SCORM 1.2 zip and returns what it holds.

    Args:
        file: The zip.
        digest: Its SHA-256.
        limits: How large it may be.

    Raises:
        Refused: One of the PACKAGE_ reasons.
    """
    with _opened(file, limits) as package:
        entries = package.infolist()
        _check_kinds(entries)
        check_entries(
            [Entry(one.orig_filename, one.compress_size, one.file_size) for one in entries],
            limits,
        )
        _check_places(entries)
        files = {one.filename for one in entries if not one.is_dir()}
        manifest = _read_manifest(package, files, limits)
        for entry in entries:
            for _ in _pieces(package, entry):
                pass
        return Content(
            digest=digest,
            size_bytes=file.stat().st_size,
            unpacked_bytes=sum(entry.file_size for entry in entries),
            file_count=len(files),
            title=manifest.title or manifest.lessons[0].title,
            lessons=manifest.lessons,
        )


def read_file(file: Path, path: str) -> Iterator[bytes]:
    """Yields one file of a package that `inspect_package` has checked, in pieces.

    Raises:
        Refused: NOT_FOUND, PACKAGE_CORRUPT.
    """
    try:
        package = zipfile.ZipFile(file)
    except _BROKEN:
        raise Refused("PACKAGE_CORRUPT", path="*") from None
    with package:
        entry = package.NameToInfo.get(path)
        if entry is None or entry.is_dir():
            raise Refused("NOT_FOUND", name=shown(path))
        yield from _pieces(package, entry)


@contextmanager
def _opened(file: Path, limits: PackageLimits) -> Iterator[zipfile.ZipFile]:
    with file.open("rb") as stream:
        # Bytes before the first entry are how one file passes for a zip here and for something else elsewhere.
        if stream.read(len(_FIRST_BYTES)) != _FIRST_BYTES:
            raise Refused("PACKAGE_NOT_ZIP")
    _check_directory(file, limits)
    try:
        package = zipfile.ZipFile(file)
    except _BROKEN:
        raise Refused("PACKAGE_NOT_ZIP") from None
    with package:
        yield package


def _check_directory(file: Path, limits: PackageLimits) -> None:
    """Refuses a directory that is too large to be read into memory, before it is: the library reads all of it on opening.

    Finds the directory's size where the library will find it: in the record at the end, or the last one before a comment, unless a
    zip64 record stands before that.
    """
    with file.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL_BYTES))
        tail = stream.read()
    at = len(tail) - _END_BYTES
    if at < 0 or not tail[at:].startswith(_END) or tail[-2:] != b"\0\0":
        at = tail.rfind(_END)
    if at < 0:
        raise Refused("PACKAGE_NOT_ZIP")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    wide = at - _WIDE_LOCATOR_BYTES
    if wide >= 0 and tail[wide:].startswith(_WIDE_LOCATOR):
        wide -= _WIDE_END_BYTES
        directory = int.from_bytes(tail[wide + 40 : wide + 48], "little") if wide >= 0 else size
    if directory > limits.files * _ENTRY_BYTES:
        raise Refused("PACKAGE_TOO_MANY_FILES", count=f"> {limits.files}", limit=limits.files)


def _check_kinds(entries: list[zipfile.ZipInfo]) -> None:
    for entry in entries:
        path = shown(entry.orig_filename)
        if entry.flag_bits & _ENCRYPTED:
            raise Refused("PACKAGE_ENCRYPTED", path=path)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused("PACKAGE_COMPRESSION_UNKNOWN", path=path)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise Refused("PACKAGE_HAS_LINK", path=path)


def _check_places(entries: list[zipfile.ZipInfo]) -> None:
    """Refuses entries that share bytes: the way a small zip holds the same bomb many times."""
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise Refused("PACKAGE_CORRUPT", path=shown(entry.orig_filename))
        end = entry.header_offset + _LOCAL_HEADER + len(entry.orig_filename) + entry.compress_size


def _read_manifest(package: zipfile.ZipFile, files: set[str], limits: PackageLimits) -> Manifest:
    if MANIFEST not in files:
        raise Refused("PACKAGE_MANIFEST_MISSING")
    entry = package.getinfo(MANIFEST)
    if entry.file_size > limits.manifest_bytes:
        raise Refused("PACKAGE_MANIFEST_UNREADABLE", description=f"it is larger than {limits.manifest_bytes} bytes")
    return read_manifest(b"".join(_pieces(package, entry)), files)


def _pieces(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yields an entry's content; the library checks its name, size and checksum against the directory."""
    got = 0
    try:
        with package.open(entry) as stream:
            while piece := stream.read(_PIECE):
                got += len(piece)
                yield piece
    except _BROKEN:
        raise Refused("PACKAGE_CORRUPT", path=shown(entry.orig_filename)) from None
    if got != entry.file_size:
        raise Refused("PACKAGE_CORRUPT", path=shown(entry.orig_filename))
