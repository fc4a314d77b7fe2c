"""Files' bytes in the node's blob store, each encrypted with a key of its own.

The store is shared by the node's services and names bytes by their digest, and the bytes of a file lie at every node that got it, and in
backups. Encrypted, they are of use only together with the attachment's row: destroying the row destroys the file everywhere it depends on
that row, and equal files of different requests never share bytes that one of them may have to destroy. A key encrypts one file only, so
counter mode may start at 0; integrity comes from the digests, which travel inside the signed envelope.

What is sealed begins with `HEADER`. Nothing else is ever destroyed here, so no message can make a node destroy another service's file.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from bp_cooperation.domain.attachment import SealedContent
from bp_kit.blobs import BlobStore
from bp_kit.errors import Refused

# The format and its version; as long as a block of the cipher.
HEADER = b"BPSEALED\x01" + bytes(7)
_KEY_BYTES = 32


class SealedFiles:
    """Encrypted files.

    Args:
        blobs: The node's store.
    """

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    async def seal(self, chunks: AsyncIterable[bytes], *, limit: int) -> SealedContent:
        """Takes in a file in constant memory, encrypted with a new key; nothing is kept when it fails.

        Raises:
            Refused: BODY_TOO_LARGE, FILE_EMPTY.
        """
        key, plain = secrets.token_bytes(_KEY_BYTES), hashlib.sha256()
        stored = await self._blobs.put(_sealed(chunks, key, plain.update, limit), limit=limit + len(HEADER))
        return SealedContent(stored.size - len(HEADER), plain.hexdigest(), stored.digest, key)

    async def open(self, content: SealedContent) -> AsyncIterator[bytes]:
        """Yields a file; breaks off at its end when it is not the one that was announced.

        Raises:
            Refused: BLOB_NOT_HERE, FILE_DAMAGED.
        """
        cipher, plain, first = _cipher(content.key), hashlib.sha256(), True
        async for stored in self._blobs.open(content.blob):
            if first and not stored.startswith(HEADER):
                raise Refused("FILE_DAMAGED")
            piece = cipher.update(stored[len(HEADER) :] if first else stored)
            first = False
            plain.update(piece)
            yield piece
        if plain.hexdigest() != content.sha256:
            raise Refused("FILE_DAMAGED")

    async def has(self, content: SealedContent) -> bool:
        """Tells whether a file's bytes are at this node."""
        return await self._blobs.has(content.blob)

    async def remove(self, blob: str) -> None:
        """Destroys encrypted bytes, if they are here and are what was sealed by this service, here or elsewhere."""
        if await self._blobs.has(blob) and (await anext(self._blobs.open(blob), b"")).startswith(HEADER):
            await self._blobs.remove(blob)


async def _sealed(
    chunks: AsyncIterable[bytes], key: bytes, note: Callable[[bytes], None], limit: int
) -> AsyncIterator[bytes]:
    cipher, size = _cipher(key), 0
    yield HEADER
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise Refused("BODY_TOO_LARGE", limit=limit)
        note(chunk)
        yield cipher.update(chunk)
    if not size:
        raise Refused("FILE_EMPTY", field="content")


def _cipher(key: bytes) -> CipherContext:
    return Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
