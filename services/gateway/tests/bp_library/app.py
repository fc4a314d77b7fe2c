"""A service with a method of each kind, behind the kit's own pipeline; what the gateway's tests are served by."""

import asyncio

from bluepacific.library.v1 import book_pb2, book_pb2_grpc
from google.api import httpbody_pb2
from google.protobuf import empty_pb2
from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bp_kit.call import current_call
from bp_kit.database import Database, current_session
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of
from bp_kit.service import Service
from bp_kit.settings import ServiceSettings
from bp_kit.tables import service_metadata

CHUNK = 256 * 1024


class LibrarySettings(ServiceSettings):
    pass


class Base(DeclarativeBase):
    metadata = service_metadata()


class BookRow(Base):
    __tablename__ = "books"
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    version: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)

    def to_proto(self):
        book = book_pb2.Book.FromString(self.content)
        book.name = self.name
        book.etag = etag_of(self.name, self.version)
        return book


class BookServicer(book_pb2_grpc.BookServiceServicer):
    def __init__(self, seams):
        self.seams = seams
        self.events = asyncio.Queue()
        self.watched = asyncio.Event()
        self.left = asyncio.Event()
        self.upload_broken = asyncio.Event()
        self.calls = []

    async def GetBook(self, request, context):
        self.calls.append(current_call())
        return (await self._found(request.name)).to_proto()

    async def ListBooks(self, request, context):
        self.calls.append(current_call())
        self.asked = request
        rows = await current_session().scalars(
            select(BookRow)
            .where(BookRow.name.startswith(f"{request.parent}/"))
            .order_by(BookRow.name)
            .limit(request.page_size or 20)
        )
        return book_pb2.ListBooksResponse(books=[row.to_proto() for row in rows], unreachable=["countries/TON"])

    async def CreateBook(self, request, context):
        self.calls.append(current_call())
        row = BookRow(name=f"{request.parent}/books/{self.seams.ids()}", version=1)
        row.content = request.book.SerializeToString()
        current_session().add(row)
        return row.to_proto()

    async def UpdateBook(self, request, context):
        row = await self._found(request.book.name)
        check_etag(request.book.etag, etag_of(row.name, row.version))
        row.content, row.version = request.book.SerializeToString(), row.version + 1
        return row.to_proto()

    async def DeleteBook(self, request, context):
        row = await self._found(request.name)
        check_etag(request.etag, etag_of(row.name, row.version))
        await current_session().delete(row)
        return empty_pb2.Empty()

    async def ReserveBook(self, request, context):
        self.calls.append(current_call())
        match request.name.rpartition("/")[2]:
            case "crowded":
                raise Refused("OVERLOADED")
            case "far":
                raise Refused("UNAVAILABLE")
            case "broken":
                raise RuntimeError("canary-in-an-exception")
            case "endless":
                await asyncio.Event().wait()
        answer = book_pb2.ReserveBookResponse()
        answer.expire_time.FromJsonString(f"2026-01-{request.days:02}T00:00:00Z")
        return answer

    async def Echo(self, request, context):
        return request

    async def WatchBooks(self, request, context):
        assert current_call().method.endswith("WatchBooks")
        self.calls.append(current_call())
        try:
            if request.after:
                raise Refused("INVALID_FIELD", field="after", description="begins there and nowhere else")
            self.watched.set()
            while (event := await self.events.get()) is not None:
                if event == "break":
                    raise Refused("UNAVAILABLE")
                yield book_pb2.BookEvent(event_id=event, book=book_pb2.Book(title=f"No. {event}\nsecond line"))
        finally:
            self.left.set()

    async def DownloadBook(self, request, context):
        book = request.name.rpartition("/")[2]
        kind, _, count = book.partition("-")
        if kind == "none":
            raise Refused("NOT_FOUND", name=request.name)
        if kind == "named":
            await context.send_initial_metadata((("file-name", 'a "b"; c.pdf'), ("file-size", "3")))
            yield httpbody_pb2.HttpBody(content_type="application/pdf", data=b"pdf")
            return
        try:
            for number in range(int(count or "1")):
                yield httpbody_pb2.HttpBody(content_type="text/plain", data=bytes([number % 256]) * CHUNK)
                if kind == "broken":
                    raise RuntimeError("half way")
        finally:
            self.left.set()

    async def GetCard(self, request, context):
        return httpbody_pb2.HttpBody(content_type="text/html; charset=utf-8", data=b"<b>card</b>")

    async def UploadBook(self, requests, context):
        upload = book_pb2.Upload()
        try:
            async for request in requests:
                self._take(request, upload)
        except (Exception, asyncio.CancelledError):
            self.upload_broken.set()
            raise
        return upload

    def _take(self, request, upload):
        if not upload.pieces:
            upload.name, upload.file_name = request.name, request.file_name
            upload.content_type = request.content.content_type
        if upload.file_name == "refused":
            raise Refused("UNSUPPORTED_MEDIA_TYPE", expected="application/zip")
        upload.pieces += 1
        upload.size += len(request.content.data)

    async def SweepBooks(self, request, context):
        return request

    async def CountBooks(self, request, context):
        return request

    async def _found(self, name):
        row = await current_session().get(BookRow, name)
        if row is None:
            raise Refused("NOT_FOUND", name=name)
        return row


def build(settings, seams):
    return Service(
        name="library",
        package="bp_library",
        database=Database(settings.database_url),
        servicers=[(book_pb2_grpc.add_BookServiceServicer_to_server, BookServicer(seams))],
    )
