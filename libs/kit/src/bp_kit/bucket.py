"""Files by content in a bucket of an S3 API, so that several machines share them.

A folder beside it is where a file is put together, and where files that were read lately stay at hand. The bucket alone tells what
there is: what was removed from it is not given out of the folder either.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from bp_kit.blobs import CHUNK_BYTES, BlobStore, StoredBlob
from bp_kit.errors import Refused
from bp_kit.logs import get_logger

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

_AT_HAND_BYTES = 1 << 30
# Whoever asks waits for it, and is told that it cannot be reached rather than left waiting.
_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
_log = get_logger("bp_kit.bucket")


class BucketStore(BlobStore):
    """A bucket of files by content.

    Args:
        bucket: Where they are.
        folder: On this machine, of this process alone; emptied as it fills.
        at_hand: How many bytes may stay in the folder.
    """

    def __init__(self, bucket: S3Store, folder: Path, *, at_hand: int = _AT_HAND_BYTES) -> None:
        super().__init__(folder)
        self._bucket = bucket
        self._at_hand = at_hand

    async def has(self, digest: str) -> bool:
        """Tells whether the whole file is in the bucket.

        Raises:
            Refused: UNAVAILABLE.
        """
        try:
            with _reached():
                await obstore.head_async(self._bucket, self._key(digest))
        except FileNotFoundError:
            return False
        return True

    async def put(self, chunks: AsyncIterable[bytes], *, limit: int) -> StoredBlob:
        """Stores what the chunks make up, in constant memory; the bucket has it when this returns.

        Raises:
            Refused: BODY_TOO_LARGE, UNAVAILABLE.
        """
        stored = await super().put(chunks, limit=limit)
        if not await self.has(stored.digest):
            with _reached():
                await obstore.put_async(self._bucket, self._key(stored.digest), self.path(stored.digest))
        await asyncio.to_thread(self._make_room, stored.digest)
        return stored

    async def remove(self, digest: str) -> None:
        """Destroys the file, if it is there.

        Raises:
            Refused: UNAVAILABLE.
        """
        with _reached(), contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._bucket, self._key(digest))
        await super().remove(digest)

    async def open(self, digest: str) -> AsyncIterator[bytes]:
        """Yields the file in chunks of `CHUNK_BYTES`.

        Raises:
            Refused: BLOB_NOT_HERE, UNAVAILABLE.
        """
        await self.at_hand(digest)
        async for chunk in super().open(digest):
            yield chunk

    async def at_hand(self, digest: str) -> Path:
        """Returns where the file is on this machine, fetched and verified unless it was here.

        Raises:
            Refused: BLOB_NOT_HERE, UNAVAILABLE.
        """
        if not await super().has(digest):
            await self._fetch(digest)
        elif not await self.has(digest):
            await super().remove(digest)
            raise Refused("BLOB_NOT_HERE")
        await asyncio.to_thread(self._make_room, digest)
        return self.path(digest)

    async def _fetch(self, digest: str) -> None:
        try:
            with _reached():
                found = await obstore.get_async(self._bucket, self._key(digest))
        except FileNotFoundError:
            raise Refused("BLOB_NOT_HERE") from None
        fetched = await super().put(_pieces(found), limit=found.meta["size"])
        if fetched.digest != digest:
            _log.error("bucket.digest_differs", size=fetched.size)
            await super().remove(fetched.digest)
            raise Refused("BLOB_NOT_HERE")

    def _key(self, digest: str) -> str:
        return "/".join(self.path(digest).parts[-2:])

    def _make_room(self, wanted: str) -> None:
        """Drops what was wanted longest ago, and never what is wanted now: files that are open stay readable."""
        self.path(wanted).touch()
        files = sorted(self._folder.glob("[0-9a-f][0-9a-f]/*"), key=lambda file: -file.stat().st_mtime_ns)
        room = self._at_hand
        for file in files:
            room -= file.stat().st_size
            if room < 0 and file.name != wanted:
                file.unlink(missing_ok=True)


def open_bucket(url: str, *, endpoint: str = "", region: str = "us-east-1", keys: Path | None = None) -> S3Store:
    """Returns a bucket; whether it can be reached shows when it is used.

    Args:
        url: `s3://bucket/prefix`.
        endpoint: URL of the S3 API; empty for the region's own.
        region: As the S3 API names it.
        keys: Folder of the files access_key_id and secret_access_key, read at each use; None for what the environment offers.

    Raises:
        OSError: The keys cannot be read.
        ValueError: It is no URL of a bucket.
    """
    options: ClientConfig = {"connect_timeout": "5s", "timeout": "60s", "allow_http": endpoint.startswith("http://")}
    config: S3Config = {"region": region}
    if endpoint:
        config["endpoint"] = endpoint
    if keys:
        config["access_key_id"] = (keys / "access_key_id").read_text().strip()
        config["secret_access_key"] = (keys / "secret_access_key").read_text().strip()
    return S3Store.from_url(url, config=config, client_options=options, retry_config=_RETRIES)


async def reach(bucket: S3Store) -> None:
    """Returns when the bucket has answered.

    Raises:
        Refused: UNAVAILABLE, also where there is no such bucket.
    """
    try:
        with _reached():
            await obstore.list_with_delimiter_async(bucket)
    except FileNotFoundError:
        raise Refused("UNAVAILABLE") from None


async def _pieces(found: obstore.GetResult) -> AsyncIterator[bytes]:
    with _reached():
        async for piece in found.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(piece)


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    """Says in our words that the bucket cannot be used now.

    Raises:
        Refused: UNAVAILABLE.
    """
    try:
        yield
    except BaseError as error:
        _log.warning("bucket.unavailable", error=type(error).__name__)
        raise Refused("UNAVAILABLE") from None
