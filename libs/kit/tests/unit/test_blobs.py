import hashlib

import pytest

from bp_kit.blobs import BlobStore
from bp_kit.errors import Refused


async def chunked(*chunks):
    for chunk in chunks:
        yield chunk


async def read(store, digest):
    return b"".join([chunk async for chunk in store.open(digest)])


async def test_a_file_is_named_by_its_content(tmp_path):
    store = BlobStore(tmp_path)
    stored = await store.put(chunked(b"tide", b"s"), limit=10)
    assert (stored.digest, stored.size) == (hashlib.sha256(b"tides").hexdigest(), 5)
    assert await read(store, stored.digest) == b"tides"
    assert await store.put(chunked(b"tides"), limit=10) == stored


async def test_what_fails_leaves_nothing_behind(tmp_path):
    async def broken():
        yield b"half"
        raise ConnectionError

    store = BlobStore(tmp_path)
    with pytest.raises(Refused, match="BODY_TOO_LARGE"):
        await store.put(chunked(b"x" * 11), limit=10)
    with pytest.raises(ConnectionError):
        await store.put(broken(), limit=10)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_what_is_not_here_says_so(tmp_path):
    store = BlobStore(tmp_path)
    assert not await store.has("0" * 64)
    with pytest.raises(Refused, match="BLOB_NOT_HERE"):
        await read(store, "0" * 64)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "0" * 63, "G" * 64, "0" * 64 + "/.."])
def test_only_digests_name_files(tmp_path, digest):
    with pytest.raises(ValueError, match="64"):
        BlobStore(tmp_path).path(digest)


async def test_what_is_removed_is_gone(tmp_path):
    store = BlobStore(tmp_path)
    stored = await store.put(chunked(b"tides"), limit=10)
    await store.remove(stored.digest)
    await store.remove(stored.digest)
    assert not await store.has(stored.digest)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with pytest.raises(ValueError, match="digest"):
        await store.remove("../shelf")
