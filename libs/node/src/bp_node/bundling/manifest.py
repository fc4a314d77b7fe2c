"""What a bundle says of itself: which release, and every file of it by content. Signed as it is written, byte by byte."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MANIFEST, SIGNATURE, FILES = "manifest.json", "manifest.json.sig", "files"
# What a manifest may be at most, read before it is verified.
MOST_BYTES = 16 * 1024 * 1024
_FORMAT = 1
_MOST_SIZE = 1 << 40
_MOST_LETTERS = 400
_CONTEXT = b"bluepacific/1 bundle\0"
_RELEASE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PART = re.compile(r"[0-9A-Za-z_@+~:,=(\[][ 0-9A-Za-z._@+~:,=()\[\]-]*|\.[0-9A-Za-z_][0-9A-Za-z._-]*")


class BundleError(Exception):
    """A bundle is not what it must be; the text says what, for a person."""


@dataclass(frozen=True, order=True)
class Item:
    """A file of a release: where it goes, the SHA-256 of its content in hexadecimal, and its size in bytes."""

    path: str
    digest: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """A bundle's list.

    Attributes:
        release: Which.
        since: The release of which everything that is not in `files` is known; empty where all is there.
        create_time: When it was made.
        archives: Paths below which files are members of a tar archive of that path.
        items: The files, in the order of their paths.
    """

    release: str
    since: str
    create_time: datetime
    archives: tuple[str, ...]
    items: tuple[Item, ...]

    def to_bytes(self) -> bytes:
        """Returns it as it is signed."""
        items = [{"path": one.path, "sha256": one.digest, "size": one.size} for one in self.items]
        told = {
            "bundle": _FORMAT,
            "release": self.release,
            "since": self.since,
            "createTime": self.create_time.astimezone(UTC).isoformat(),
            "archives": list(self.archives),
            "items": items,
        }
        return json.dumps(told, indent=1).encode() + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> Manifest:
        """Reads one whose signature was verified.

        Raises:
            BundleError: It is none, or of a newer kind.
        """
        try:
            return cls._read(json.loads(content))
        except (ValueError, KeyError, TypeError) as error:
            raise BundleError(f"its manifest cannot be read: {error}") from None

    @classmethod
    def _read(cls, told: dict[str, Any]) -> Manifest:
        if told["bundle"] != _FORMAT:
            raise BundleError("it was made by a newer release of this program")
        release, since = str(told["release"]), str(told["since"])
        require_release(release)
        items = tuple(sorted(_item(one) for one in told["items"]))
        paths = [one.path for one in items]
        if len(set(paths)) < len(paths):
            raise BundleError("its manifest names a path twice")
        archives = tuple(map(_path, told["archives"]))
        return cls(release, since, datetime.fromisoformat(told["createTime"]).astimezone(UTC), archives, items)


def require_release(text: str) -> None:
    """Checks a release's name.

    Raises:
        BundleError: It is none.
    """
    if not _RELEASE.fullmatch(text):
        raise BundleError(f"{text[:50]!r} is no name of a release: letters, digits, dot, plus and hyphen")


def _item(told: dict[str, Any]) -> Item:
    digest, size = str(told["sha256"]), int(told["size"])
    if not _DIGEST.fullmatch(digest) or not 0 <= size <= _MOST_SIZE:
        raise BundleError("its manifest has no digest or size where one must be")
    return Item(_path(told["path"]), digest, size)


def _path(text: str) -> str:
    require_path(text)
    return text


def require_path(text: str) -> None:
    """Checks a path.

    Raises:
        BundleError: It leads out of the folder, or has what no file of a release has.
    """
    if len(text) > _MOST_LETTERS or not all(_PART.fullmatch(part) for part in text.split("/")):
        raise BundleError(f"{text[:100]!r} is no path of a file in a bundle")


def sign(manifest: bytes, key: Ed25519PrivateKey) -> bytes:
    """Returns the signature of a manifest, as the file beside it has it."""
    return base64.b64encode(key.sign(_CONTEXT + manifest)) + b"\n"


def verify(manifest: bytes, signature: bytes, key: Ed25519PublicKey) -> None:
    """Checks a signature.

    Raises:
        BundleError: The key did not sign that.
    """
    try:
        key.verify(base64.b64decode(signature.strip(), validate=True), _CONTEXT + manifest)
    except (ValueError, InvalidSignature):
        raise BundleError("it was not signed with the key that is trusted here, or was changed since") from None
