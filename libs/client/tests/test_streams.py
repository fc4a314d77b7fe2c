from __future__ import annotations

import pytest
from google.api import httpbody_pb2

from bluepacific.training.v1 import package_service_pb2
from bp_client import AsyncBluePacific, BluePacific, Problem

COURSE = "countries/WSM/courses/vessel-identity"
PACKAGE = f"{COURSE}/packages/{'a' * 64}"
DOWNLOAD = package_service_pb2.DownloadPackageRequest(name=PACKAGE)
PIECES = [b"PK" + bytes(100_000), b"x" * 50_000, b"end"]


def upload():
    for number, piece in enumerate(PIECES):
        content = httpbody_pb2.HttpBody(content_type="" if number else "application/zip", data=piece)
        yield package_service_pb2.UploadPackageRequest(parent="" if number else COURSE, content=content)


async def upload_later():
    for message in upload():
        yield message


def check_upload(gateway, package):
    assert package.name == PACKAGE
    seen = gateway.seen[0]
    assert (seen.verb, seen.path) == ("POST", f"/v1/{COURSE}/packages:upload")
    assert seen.headers["content-type"] == "application/zip"
    assert seen.headers["transfer-encoding"] == "chunked"
    assert seen.body == b"".join(PIECES)


def test_upload(gateway):
    gateway.script = [gateway.ok({"name": PACKAGE})]
    with BluePacific(gateway.url) as client:
        check_upload(gateway, client.training.packages.UploadPackage(upload()))


@pytest.mark.parametrize("source", [upload, upload_later])
async def test_async_upload(gateway, source):
    gateway.script = [gateway.ok({"name": PACKAGE})]
    async with AsyncBluePacific(gateway.url) as client:
        check_upload(gateway, await client.training.packages.UploadPackage(source()))


def test_an_upload_is_never_sent_twice(gateway):
    gateway.script = [gateway.problem(503, "UNAVAILABLE")]
    with BluePacific(gateway.url) as client, pytest.raises(Problem):
        client.training.packages.UploadPackage(upload())
    assert len(gateway.seen) == 1


def test_download(gateway):
    gateway.script = [gateway.text("z" * 300_000, "application/zip")]
    with BluePacific(gateway.url) as client:
        pieces = list(client.training.packages.DownloadPackage(DOWNLOAD))
    assert "".join(piece.data.decode() for piece in pieces) == "z" * 300_000
    assert {piece.content_type for piece in pieces} == {"application/zip"}


async def test_async_download(gateway):
    gateway.script = [gateway.text("z" * 300_000, "application/zip")]
    async with AsyncBluePacific(gateway.url) as client:
        pieces = [piece.data async for piece in client.training.packages.DownloadPackage(DOWNLOAD)]
    assert b"".join(pieces) == b"z" * 300_000


async def test_a_refused_download_is_a_problem(gateway):
    gateway.script = [gateway.problem(404, "NOT_FOUND")]
    async with AsyncBluePacific(gateway.url) as client:
        with pytest.raises(Problem) as told:
            async for _ in client.training.packages.DownloadPackage(DOWNLOAD):
                pass
    assert told.value.reason == "NOT_FOUND"


def test_a_file_within_a_file_keeps_its_slashes(gateway):
    gateway.script = [gateway.text("<p>", "text/html")]
    asked = package_service_pb2.GetPackageContentRequest(name=PACKAGE, path="lesson/a b.html")
    with BluePacific(gateway.url) as client:
        list(client.training.packages.GetPackageContent(asked))
    assert gateway.seen[0].path == f"/v1/{PACKAGE}/content/lesson/a%20b.html"
