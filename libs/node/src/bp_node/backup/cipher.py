"""The archive's encryption: a stream of chunks under a passphrase, none of which can be changed, moved, cut off or added.

A header (magic, version, cost of the passphrase, salt), a check of the key, then STREAM (Hoang, Reyhanitabar, Rogaway, Vizar: "Online
Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015): chunks of 64 KiB, each AES-256-GCM under a nonce of its position
(11 bytes) and what it is (1 byte), with the header as associated data. The salt makes each archive's key its own.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 1
CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
_MAGIC = b"bluepacific backup\n"
# Magic, version, and of Argon2id: KiB of memory, passes, lanes, salt.
_HEADER = struct.Struct(f">{len(_MAGIC)}sHIIB16s")
HEADER_BYTES = _HEADER.size + TAG_BYTES
_SALT_BYTES = 16
# Twice over what RFC 9106 asks of machines with little memory: an archive may be attacked for years.
_MEMORY_KIB, _PASSES, _LANES = 128 * 1024, 4, 4
# More than any version writes: a file that somebody made up must not eat the machine.
_MOST_MEMORY_KIB, _MOST_PASSES, _MOST_LANES = 1024 * 1024, 32, 16
_MORE, _LAST, _CHECK = 0, 1, 2


class ArchiveError(Exception):
    """The archive is none, or is damaged; its text ends a sentence that begins with the file's name."""


class SealedWriter:
    """Encrypts what is written to it.

    Args:
        file: Takes the ciphertext.
        passphrase: Opens the archive again.
    """

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        salt = os.urandom(_SALT_BYTES)
        self._header = _HEADER.pack(_MAGIC, VERSION, _MEMORY_KIB, _PASSES, _LANES, salt)
        self._cipher = AESGCM(_key(passphrase, salt, _MEMORY_KIB, _PASSES, _LANES))
        self._file = file
        self._held = bytearray()
        self._position = 0
        file.write(self._header + self._cipher.encrypt(_nonce(0, _CHECK), b"", self._header))

    def write(self, data: bytes) -> int:
        """Takes plaintext, cut anywhere."""
        self._held += data
        while len(self._held) > CHUNK_BYTES:
            self._put(bytes(self._held[:CHUNK_BYTES]), _MORE)
            del self._held[:CHUNK_BYTES]
        return len(data)

    def finish(self) -> None:
        """Writes the last chunk; without it the archive counts as cut off."""
        self._put(bytes(self._held), _LAST)

    def _put(self, chunk: bytes, kind: int) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._position, kind), chunk, self._header))
        self._position += 1


class SealedReader:
    """Decrypts; whatever it returns has been verified.

    Args:
        file: Gives the ciphertext.
        passphrase: As at writing.

    Raises:
        ArchiveError: It is no archive, of a newer version, or the passphrase is another; later, from `read`: it was changed or cut off.
    """

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file = file
        self._header, salt, cost = _read_header(file)
        self._cipher = AESGCM(_key(passphrase, salt, *cost))
        try:
            self._cipher.decrypt(_nonce(0, _CHECK), file.read(TAG_BYTES), self._header)
        except InvalidTag:
            raise ArchiveError("does not open: the passphrase is another, or the beginning of it was changed") from None
        self._position = 0
        self._plain = b""
        self._ahead: bytes | None = file.read(CHUNK_BYTES + TAG_BYTES)

    def read(self, size: int) -> bytes:
        """Returns at most `size` bytes, fewer when less is at hand; none at the end."""
        while not self._plain and self._ahead is not None:
            self._plain = self._next(self._ahead)
        given, self._plain = self._plain[:size], self._plain[size:]
        return given

    def drain(self) -> None:
        """Verifies all that is left."""
        while self.read(CHUNK_BYTES):
            continue

    def _next(self, sealed: bytes) -> bytes:
        following = self._file.read(CHUNK_BYTES + TAG_BYTES)
        kind = _MORE if following else _LAST
        try:
            plain = self._cipher.decrypt(_nonce(self._position, kind), sealed, self._header)
        except InvalidTag:
            raise ArchiveError("is cut off, or a part of it was changed") from None
        self._position += 1
        self._ahead = following or None
        return plain


def _read_header(file: BinaryIO) -> tuple[bytes, bytes, tuple[int, int, int]]:
    raw = file.read(_HEADER.size)
    if len(raw) < _HEADER.size or not raw.startswith(_MAGIC):
        raise ArchiveError("is not a backup of a node")
    _, version, memory, passes, lanes, salt = _HEADER.unpack(raw)
    if version > VERSION:
        raise ArchiveError(f"is of format {version}, which only a newer release reads; this one reads {VERSION}")
    if not (version and 0 < lanes <= _MOST_LANES and 0 < passes <= _MOST_PASSES):
        raise ArchiveError("is not a backup of a node")
    if not 8 * lanes <= memory <= _MOST_MEMORY_KIB:
        raise ArchiveError("is not a backup of a node")
    return raw, salt, (memory, passes, lanes)


def _key(passphrase: str, salt: bytes, memory: int, passes: int, lanes: int) -> bytes:
    return hash_secret_raw(passphrase.encode(), salt, passes, memory, lanes, 32, Type.ID)


def _nonce(position: int, kind: int) -> bytes:
    return position.to_bytes(11) + bytes([kind])
