"""Encrypts a file for its journey, in constant memory, so that no part can be changed, moved, cut off or added.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizar: "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance",
2015): chunks of 64 KiB, each AES-256-GCM under a nonce of its position (11 bytes) and whether it is the last (1 byte). A key encrypts
exactly one file.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bp_exchange.protocol.refusal import Ground, RefusedItemError

CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16


def sealed_size(size: int) -> int:
    """Returns the size of a file's ciphertext."""
    return size + TAG_BYTES * max(1, -(-size // CHUNK_BYTES))


async def encrypt(plain: AsyncIterable[bytes], key: bytes) -> AsyncIterator[bytes]:
    """Yields the ciphertext in chunks; the input may be cut anywhere."""
    cipher = AESGCM(key)
    position = 0
    async for chunk, last in _chunked(plain, CHUNK_BYTES):
        yield cipher.encrypt(_nonce(position, last=last), chunk, None)
        position += 1


async def decrypt(sealed: AsyncIterable[bytes], key: bytes) -> AsyncIterator[bytes]:
    """Yields the file in chunks, each verified before it is given away; the input may be cut anywhere.

    Raises:
        RefusedItemError: BAD_SEAL; what was yielded so far is a true beginning of the file, and nothing more follows.
    """
    cipher = AESGCM(key)
    position = 0
    async for chunk, last in _chunked(sealed, CHUNK_BYTES + TAG_BYTES):
        try:
            yield cipher.decrypt(_nonce(position, last=last), chunk, None)
        except InvalidTag:
            raise RefusedItemError(Ground.BAD_SEAL) from None
        position += 1


def _nonce(position: int, *, last: bool) -> bytes:
    return position.to_bytes(11) + bytes([last])


async def _chunked(parts: AsyncIterable[bytes], size: int) -> AsyncIterator[tuple[bytes, bool]]:
    """Yields pieces of exactly `size` bytes and at the end what is left, with whether it is the last; at least one."""
    held = bytearray()
    async for part in parts:
        held += part
        while len(held) > size:
            yield bytes(held[:size]), False
            del held[:size]
    yield bytes(held), True
