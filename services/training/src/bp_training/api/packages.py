"""PackageService."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from google.api import httpbody_pb2

from bluepacific.training.v1 import package_pb2
from bluepacific.training.v1 import package_service_pb2 as pb
from bluepacific.training.v1 import package_service_pb2_grpc as grpc_
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.errors import Refused
from bp_kit.listing import listing_of
from bp_training.adapters.messages import package_message
from bp_training.adapters.package_store import PackageStore
from bp_training.adapters.unit_of_work import Workshop
from bp_training.domain.names import course_of, digest_of
from bp_training.domain.package import Package
from bp_training.usecases import packages
from bp_training.usecases.work import Intake

_ZIP = "application/zip"
_ZIP_NAMES = ("", _ZIP, "application/x-zip-compressed", "application/octet-stream")
_OCTETS = "application/octet-stream"
# What lessons are made of, by file name ending. All else is bytes to a browser.
_TYPES = {
    "html": "text/html; charset=utf-8",
    "htm": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "xml": "application/xml",
    "txt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "pdf": "application/pdf",
}


class PackageServicer(grpc_.PackageServiceServicer):
    """Packages of courses.

    Args:
        workshop: Makes the parts of a transaction.
        store: Where packages' files are.
    """

    def __init__(self, workshop: Workshop, store: PackageStore) -> None:
        self._workshop = workshop
        self._store = store
        self._intake = Intake(transactions=workshop.transaction, files=store)

    async def UploadPackage(
        self, requests: AsyncIterable[pb.UploadPackageRequest], context: Any
    ) -> package_pb2.Package:
        """Takes in a zip file."""
        stream = aiter(requests)
        first = await anext(stream, pb.UploadPackageRequest())
        if first.content.content_type.partition(";")[0].strip().lower() not in _ZIP_NAMES:
            raise Refused("UNSUPPORTED_MEDIA_TYPE", expected=_ZIP)
        if not first.parent:
            raise Refused("INVALID_FIELD", field="parent", description="is missing in the first message")
        package = await packages.receive_package(
            self._intake, current_call().principal, first.parent, _chunks(first, stream)
        )
        return await self._message(package)

    async def GetPackage(self, request: pb.GetPackageRequest, context: Any) -> package_pb2.Package:
        """Gets a package."""
        work = self._workshop.on(current_session())
        return await self._message(await packages.get_package(work, current_call().principal, request.name))

    async def ListPackages(self, request: pb.ListPackagesRequest, context: Any) -> pb.ListPackagesResponse:
        """Lists a course's packages, newest first."""
        work = self._workshop.on(current_session())
        listed = await packages.list_packages(work, current_call().principal, listing_of(request))
        return pb.ListPackagesResponse(
            packages=[await self._message(package) for package in listed.items], next_page_token=listed.next_token
        )

    async def DownloadPackage(
        self, request: pb.DownloadPackageRequest, context: Any
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        """Downloads the zip file."""
        package = await self._found(request.name)
        name = f"{course_of(package.name).rpartition('/')[2]}.zip"
        pieces = self._store.whole(digest_of(package.name))
        async for body in _bodies(pieces, context, _ZIP, name, package.content.size_bytes):
            yield body

    async def GetPackageContent(
        self, request: pb.GetPackageContentRequest, context: Any
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        """Downloads one file of the package."""
        package = await self._found(request.name)
        name = request.path.rpartition("/")[2]
        media_type = _TYPES.get(name.rpartition(".")[2].lower(), _OCTETS)
        pieces = self._store.file(digest_of(package.name), request.path)
        async for body in _bodies(pieces, context, media_type, name):
            yield body

    async def _found(self, name: str) -> Package:
        principal = current_call().principal
        async with self._workshop.reading() as work:
            return await packages.get_package(work, principal, name)

    async def _message(self, package: Package) -> package_pb2.Package:
        return package_message(package, available=await self._store.has(digest_of(package.name)))


async def _chunks(first: pb.UploadPackageRequest, rest: AsyncIterable[pb.UploadPackageRequest]) -> AsyncIterator[bytes]:
    yield first.content.data
    async for request in rest:
        yield request.content.data


async def _bodies(
    pieces: AsyncIterator[bytes], context: Any, media_type: str, name: str, size: int | None = None
) -> AsyncIterator[httpbody_pb2.HttpBody]:
    """Yields a file in pieces, at least one; its name goes before them. A refusal before the first piece stays a refusal."""
    piece = await anext(pieces, b"")
    told = (("file-name", "".join(letter if letter.isascii() else "_" for letter in name)),)
    await context.send_initial_metadata(told if size is None else (*told, ("file-size", str(size))))
    yield httpbody_pb2.HttpBody(content_type=media_type, data=piece)
    async for more in pieces:
        yield httpbody_pb2.HttpBody(content_type=media_type, data=more)
