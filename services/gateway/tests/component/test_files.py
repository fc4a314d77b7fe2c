"""Uploads and downloads: streamed, bounded, never taken for whole when they are not."""

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx2
import pytest
from bp_library.app import CHUNK
from bp_library.serving import BOOKS

MIB = 1024 * 1024
TESTS = Path(__file__).parents[1]


async def test_an_upload_arrives_in_pieces_as_it_was(gateway):
    async def pieces():
        for number in range(8):
            yield bytes([number]) * 100_000

    headers = {"content-type": "application/zip"}
    answer = await gateway.http.post(f"{BOOKS}/tides:upload?fileName=a.zip", content=pieces(), headers=headers)
    assert answer.status_code == 200, answer.text
    uploaded = answer.json()
    assert uploaded.pop("pieces") > 1
    assert uploaded == {
        "name": "countries/FJI/books/tides",
        "fileName": "a.zip",
        "size": "800000",
        "contentType": "application/zip",
    }


async def test_an_empty_upload_still_names_its_book(gateway):
    answer = await gateway.http.post(f"{BOOKS}/tides:upload")
    assert answer.json()["name"] == "countries/FJI/books/tides"


@pytest.mark.parametrize("announced", [True, False])
async def test_an_upload_over_the_limit_is_refused_and_the_service_hears_of_it(gateway_with, announced):
    async def pieces():
        for _ in range(20):
            yield bytes(100_000)

    async with gateway_with(upload_bytes=MIB) as gateway:
        content = bytes(2_000_000) if announced else pieces()
        answer = await gateway.http.post(f"{BOOKS}/tides:upload", content=content)
        assert (answer.status_code, answer.json()["reason"]) == (413, "BODY_TOO_LARGE")
        assert str(MIB) in answer.json()["title"]
        if not announced:  # else the service was never asked
            await asyncio.wait_for(gateway.library.upload_broken.wait(), 10)


async def test_a_service_that_refuses_an_upload_is_heard(gateway):
    answer = await gateway.http.post(f"{BOOKS}/tides:upload?fileName=refused", content=bytes(MIB))
    assert (answer.status_code, answer.json()["reason"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_an_upload_broken_off_reaches_the_service_as_broken(gateway):
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = f"POST {BOOKS}/tides:upload HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n"
    writer.write(head.encode() + bytes(300_000))
    await writer.drain()
    writer.close()
    await asyncio.wait_for(gateway.library.upload_broken.wait(), 10)


async def test_a_download_is_streamed_and_named(gateway):
    answer = await gateway.http.get(f"{BOOKS}/pages-8:download")
    assert answer.content == b"".join(bytes([number]) * CHUNK for number in range(8))
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["content-disposition"] == "attachment; filename=\"pages-8\"; filename*=UTF-8''pages-8"
    named = await gateway.http.get(f"{BOOKS}/named:download")
    assert named.headers["content-length"] == "3"
    assert named.headers["content-disposition"] == (
        "attachment; filename=\"a _b__ c.pdf\"; filename*=UTF-8''a%20%22b%22%3B%20c.pdf"
    )


async def test_a_download_that_cannot_begin_is_a_problem(gateway):
    answer = await gateway.http.get(f"{BOOKS}/none:download")
    assert (answer.status_code, answer.json()["reason"]) == (404, "NOT_FOUND")


async def test_a_download_that_breaks_is_not_taken_for_whole(gateway):
    with pytest.raises(httpx2.RemoteProtocolError):
        await gateway.http.get(f"{BOOKS}/broken-3:download")


async def test_a_client_that_leaves_ends_the_download(gateway):
    async with gateway.http.stream("GET", f"{BOOKS}/pages-10000:download") as answer:
        await anext(answer.aiter_bytes())
    await asyncio.wait_for(gateway.library.left.wait(), 10)


@pytest.fixture(params=["inprocess", "socket"])
async def process(request, tmp_path):
    """A gateway with its library in a process of their own, whose memory can be looked at."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bp_library", request.param),
        cwd=TESTS,
        stdout=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.PIPE,
    )
    line = await asyncio.wait_for(started.stdout.readline(), 60)
    yield started.pid, json.loads(line)["port"]
    started.stdin.close()
    await started.wait()


def peak_mib(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


async def test_200_mib_each_way_take_no_memory_to_speak_of(process):
    pid, port = process
    block = os.urandom(MIB)

    async def pieces(count):
        for _ in range(count):
            yield block

    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as http:

        async def there_and_back(count):
            answer = await http.post(f"{BOOKS}/a:upload", content=pieces(count))
            assert answer.json()["size"] == str(count * MIB)
            async with http.stream("GET", f"{BOOKS}/pages-{count * 4}:download") as stream:
                assert sum([len(piece) async for piece in stream.aiter_bytes()]) == count * MIB

        await there_and_back(4)
        before = peak_mib(pid)
        await there_and_back(200)
        assert peak_mib(pid) - before < 48
