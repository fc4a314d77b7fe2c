"""Files in a bucket, on an S3 server that others wrote: s3rver, or the one that BP_TEST_S3 names (a URL; both its keys are S3RVER)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
from pathlib import Path

import obstore
import pytest

from bp_kit.alone.files import check_blobs
from bp_kit.alone.settings import PodSettings
from bp_kit.alone.trouble import CannotStartError
from bp_kit.bucket import BucketStore, open_bucket
from bp_kit.errors import Refused
from tests.npm import install

MIB = 1024 * 1024


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextlib.contextmanager
def serving(folder):
    """Runs the server; gives its URL."""
    port, server = free_port(), install(Path(__file__).parent / "server", "s3")
    command = [shutil.which("node"), server / "node_modules/.bin/s3rver", "--directory", folder]
    command += ["--address", "127.0.0.1", "--port", str(port), "--configure-bucket", "files"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            said = b""
            while b"listening" not in said:
                said += process.stdout.read1()
                assert process.poll() is None, f"it does not serve: {said!r}"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    if given := os.environ.get("BP_TEST_S3"):
        yield given
        return
    with serving(tmp_path_factory.mktemp("s3")) as url:
        yield url


@pytest.fixture
def keys(tmp_path):
    for name in ("access_key_id", "secret_access_key"):
        (tmp_path / name).write_text("S3RVER\n")
    return tmp_path


@pytest.fixture
def bucket(endpoint, keys, request):
    return open_bucket(f"s3://files/{request.node.name}", endpoint=endpoint, keys=keys)


@pytest.fixture
def stores(bucket, tmp_path):
    """Two machines."""
    return BucketStore(bucket, tmp_path / "one"), BucketStore(bucket, tmp_path / "two")


async def chunked(content):
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]


async def read(store, digest):
    return b"".join([chunk async for chunk in store.open(digest)])


def kept(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [0, 5, 12 * MIB])
async def test_what_one_machine_puts_another_reads(stores, size):
    here, there = stores
    content = os.urandom(size)
    stored = await here.put(chunked(content), limit=size)
    assert (stored.digest, stored.size) == (hashlib.sha256(content).hexdigest(), size)
    assert await there.has(stored.digest)
    assert await read(there, stored.digest) == content
    assert (await there.at_hand(stored.digest)).read_bytes() == content
    assert await there.put(chunked(content), limit=size) == stored


async def test_what_is_removed_is_nowhere(stores):
    here, there = stores
    stored = await here.put(chunked(b"tides"), limit=5)
    assert await read(there, stored.digest) == b"tides"
    await here.remove(stored.digest)
    await here.remove(stored.digest)
    for store in stores:
        assert not await store.has(stored.digest)
        with pytest.raises(Refused, match="BLOB_NOT_HERE"):
            await read(store, stored.digest)
        with pytest.raises(Refused, match="BLOB_NOT_HERE"):
            await store.at_hand(stored.digest)


async def test_what_is_too_large_is_not_kept(stores, bucket, tmp_path):
    with pytest.raises(Refused, match="BODY_TOO_LARGE"):
        await stores[0].put(chunked(b"x" * 11), limit=10)
    assert kept(tmp_path / "one") == []
    assert [one async for page in obstore.list(bucket) for one in page] == []


async def test_what_was_altered_in_the_bucket_is_not_given_out(stores, bucket, tmp_path):
    digest = hashlib.sha256(b"tides").hexdigest()
    await obstore.put_async(bucket, f"{digest[:2]}/{digest}", b"waves")
    with pytest.raises(Refused, match="BLOB_NOT_HERE"):
        await read(stores[0], digest)
    assert kept(tmp_path / "one") == []


async def test_the_folder_keeps_what_was_read_last(bucket, tmp_path):
    store = BucketStore(bucket, tmp_path / "small", at_hand=250_000)
    digests = [(await store.put(chunked(os.urandom(100_000)), limit=MIB)).digest for _ in range(3)]
    assert {path.name for path in kept(tmp_path / "small")} == set(digests[1:])
    assert len(await read(store, digests[0])) == 100_000
    assert {path.name for path in kept(tmp_path / "small")} == {digests[0], digests[2]}


async def test_a_bucket_that_is_away_says_so(keys, tmp_path):
    store = BucketStore(
        open_bucket("s3://files", endpoint=f"http://127.0.0.1:{free_port()}", keys=keys), tmp_path / "f"
    )
    for asked in (store.has("0" * 64), store.at_hand("0" * 64), store.remove("0" * 64)):
        with pytest.raises(Refused, match="UNAVAILABLE"):
            await asked
    with pytest.raises(Refused, match="UNAVAILABLE"):
        await store.put(chunked(b"tides"), limit=5)


async def test_a_process_that_cannot_use_its_bucket_does_not_start(endpoint, keys, tmp_path):
    pod = PodSettings(
        node_id="fji",
        country="FJI",
        public_url="https://fji.example",
        blobs_dir=tmp_path / "blobs",
        page_token_file=tmp_path / "key",
        tls_dir=tmp_path,
        addresses={},
        blobs_bucket="s3://files",
        blobs_endpoint=endpoint,
        blobs_keys_dir=keys,
    )
    with pytest.raises(CannotStartError, match="BP_POD__BLOBS_DIR"):
        await check_blobs(pod)
    (tmp_path / "blobs").mkdir()
    await check_blobs(pod)
    with pytest.raises(CannotStartError, match=r"BP_POD__BLOBS_BUCKET.*nowhere"):
        await check_blobs(pod.model_copy(update={"blobs_bucket": "s3://nowhere-else"}))
    with pytest.raises(CannotStartError, match=r"BP_POD__BLOBS_KEYS_DIR.*access_key_id"):
        await check_blobs(pod.model_copy(update={"blobs_keys_dir": tmp_path / "blobs"}))
