"""Reading a bundle: its manifest, verified against a key, and what is in it, verified against the manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bp_exchange.protocol.words import words_of
from bp_node.bundling.manifest import FILES, MANIFEST, MOST_BYTES, SIGNATURE, BundleError, Item, Manifest, verify
from bp_node.failure import told_plainly

_PIECE_BYTES = 1024 * 1024


def of_file(place: Path) -> Manifest:
    """Returns the manifest of an own bundle, or a manifest's file, without asking who signed it.

    Raises:
        BundleError, CommandError: It cannot be read.
    """
    return Manifest.from_bytes(read(place / MANIFEST if place.is_dir() else place))


def verified(bundle: Path, key: Ed25519PublicKey) -> Manifest:
    """Returns the manifest of a bundle that a key has signed.

    Raises:
        BundleError: It has not.
        CommandError: It cannot be read.
    """
    content = read(bundle / MANIFEST)
    verify(content, read(bundle / SIGNATURE), key)
    return Manifest.from_bytes(content)


def public_key(content: bytes) -> Ed25519PublicKey:
    """Returns the public half that `register keys new` wrote.

    Raises:
        BundleError: It is none.
    """
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(json.loads(content)["keyval"]["public"]))
    except (ValueError, KeyError, TypeError):
        raise BundleError("this is no public half of a key, as `bluepacific register keys new` writes it") from None


def fingerprint(key: Ed25519PublicKey) -> str:
    """Returns six words that two people can compare: 96 bits of the key's SHA-256."""
    return words_of(hashlib.sha256(key.public_bytes_raw()).digest())


def has(bundle: Path, item: Item) -> bool:
    """Tells whether a bundle carries an item's content."""
    return _place(bundle, item).is_file()


def content(bundle: Path, item: Item) -> Iterator[bytes]:
    """Yields an item's content; the last piece only when all of it is what the manifest says.

    Raises:
        BundleError: It is something else.
    """
    hasher, size, held = hashlib.sha256(), 0, b""
    try:
        with _place(bundle, item).open("rb") as opened:
            for piece in zstandard.ZstdDecompressor().read_to_iter(opened, write_size=_PIECE_BYTES):
                size += len(piece)
                if size > item.size:
                    break
                hasher.update(piece)
                if held:
                    yield held
                held = piece
    except zstandard.ZstdError as error:
        raise BundleError(f"{item.path} is damaged in it: {error}") from None
    if size != item.size or hasher.hexdigest() != item.digest:
        raise BundleError(f"{item.path} is not what the manifest says: the stick is damaged, or was changed")
    yield held


def _place(bundle: Path, item: Item) -> Path:
    return bundle / FILES / f"{item.digest}.zst"


def read(file: Path) -> bytes:
    """Returns a small file: a manifest, a signature or a key.

    Raises:
        BundleError: It is too large to be one.
        CommandError: It cannot be read.
    """
    with told_plainly("read", file), file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise BundleError(f"{file} is too large")
    return content
