"""Files' bytes in the node's blob store, each encrypted with a key of its own.

The store is shared by the node's services and names bytes by their digest, and the bytes of a file lie at every node that got it, and in
backups. Encrypted, they are of use only together with the attachment's row: destroying the row destroys the file everywhere it depends on
that row, and equal files of different requests never share bytes that one of them may have to destroy. Integrity comes from the digest,
which travels inside the signed envelope; a key encrypts one file only, so counter mode may start at 0.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from bp_cooperation.domain.attachment import SealedContent
from bp_kit.blobs import BlobStore
from bp_kit.errors import Refused

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
        stored = await self._blobs.put(_encrypted(chunks, key, plain.update), limit=limit)
        return SealedContent(stored.size, plain.hexdigest(), stored.digest, key)

    async def open(self, content: SealedContent) -> AsyncIterator[bytes]:
        """Yields a file.

        Raises:
            Refused: BLOB_NOT_HERE.
        """
        cipher = _cipher(content.key)
        async for piece in self._blobs.open(content.blob):
            yield cipher.update(piece)

    async def has(self, content: SealedContent) -> bool:
        """Tells whether a file's bytes are at this node."""
        return await self._blobs.has(content.blob)

    async def remove(self, blob: str) -> None:
        """Destroys encrypted bytes."""
        await self._blobs.remove(blob)


async def _encrypted(chunks: AsyncIterable[bytes], key: bytes, note: Callable[[bytes], None]) -> AsyncIterator[bytes]:
    cipher, empty = _cipher(key), True
    async for chunk in chunks:
        note(chunk)
        empty = empty and not chunk
        yield cipher.update(chunk)
    if empty:
        raise Refused("FILE_EMPTY", field="content")


def _cipher(key: bytes) -> CipherContext:
    return Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
