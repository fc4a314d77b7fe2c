"""The composition root, and everything else: it is that small."""

import asyncio
from datetime import datetime

from sqlalchemy import String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bluepacific.notifications.v1 import events_pb2
from bp_kit.call import current_call
from bp_kit.database import Database, current_session
from bp_kit.errors import Refused
from bp_kit.etags import etag_of
from bp_kit.filters import compile_filter
from bp_kit.inbox import Subscriber
from bp_kit.outbox import Outbox, OutboxRelay
from bp_kit.paging import fetch_page
from bp_kit.service import Service
from bp_kit.settings import ServiceSettings
from bp_kit.tables import UtcTime, service_metadata
from bp_shelf.protos import grpc_, pb2

TOPIC = "bluepacific.shelf.v1.book.created"


class ShelfSettings(ServiceSettings):
    cover_limit: int = 1000


class Base(DeclarativeBase):
    metadata = service_metadata()


class BookRow(Base):
    __tablename__ = "books"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    create_time: Mapped[datetime] = mapped_column(UtcTime)

    def to_proto(self, parent):
        return pb2.Book(name=f"{parent}/books/{self.id}", title=self.title, etag=etag_of(self.id))


class BookServicer(grpc_.BookServiceServicer):
    def __init__(self, settings, seams, database):
        self.settings, self.seams, self.database = settings, seams, database

    async def CreateBook(self, request, context):
        session = current_session()
        row = BookRow(id=self.seams.ids(), title=request.book.title, create_time=self.seams.clock())
        session.add(row)
        await Outbox(session, self.seams).send(
            topic=TOPIC, payload=request.book, author="countries/FJI", recipients=["countries/TON"]
        )
        if request.book.title == "forbidden":
            raise Refused("INVALID_FIELD", field="book.title", description="this title is taken off the shelf")
        return row.to_proto(request.parent)

    async def GetBook(self, request, context):
        row = await current_session().get(BookRow, request.name.rpartition("/")[2])
        if row is None:
            raise Refused("NOT_FOUND", name=request.name)
        return row.to_proto(request.name.rpartition("/books/")[0])

    async def ListBooks(self, request, context):
        statement = select(BookRow)
        condition = compile_filter(request.filter, {"title": BookRow.title, "create_time": BookRow.create_time})
        if condition is not None:
            statement = statement.where(condition)
        page = await fetch_page(
            current_session(),
            statement,
            keys=(BookRow.create_time, BookRow.id),
            size=request.page_size,
            token=request.page_token,
            sealer=self.seams.sealer,
            scope=(request.parent, request.filter, current_call().principal.name),
        )
        books = [row.to_proto(request.parent) for row in page.rows]
        return pb2.ListBooksResponse(books=books, next_page_token=page.next_token)

    async def BreakShelf(self, request, context):
        if request.name.endswith("/wait"):
            await asyncio.Event().wait()
        raise RuntimeError("canary-in-an-exception")

    async def CountBooks(self, request, context):
        count = await current_session().scalar(select(func.count()).select_from(BookRow))
        return pb2.Book(title=str(count))

    async def WatchBooks(self, request, context):
        # Also streams know who calls.
        assert current_call().principal.name
        async with self.database.read() as session:
            for row in await session.scalars(select(BookRow).order_by(BookRow.id)):
                yield row.to_proto(request.parent)
        if request.filter == "wait":
            await asyncio.Event().wait()
        if request.filter == "break":
            raise Refused("INVALID_FILTER", field="filter", description="nobody watches that")

    async def UploadCover(self, requests, context):
        async def chunks():
            async for request in requests:
                yield request.content.data

        stored = await self.seams.blobs.put(chunks(), limit=self.settings.cover_limit)
        return pb2.Book(title=str(stored.size), name=stored.digest)


def build(settings, seams):
    database = Database(settings.database_url)

    async def on_created(session, message):
        book = pb2.Book.FromString(message.payload)
        if book.title == "refused":
            raise Refused("INVALID_FIELD", field="title", description="not here")
        session.add(BookRow(id=seams.ids(), title=book.title, create_time=seams.clock()))
        await Outbox(session, seams).notify(
            events_pb2.NotificationRequested(template="shelf.created", subject="countries/FJI/books/1"),
            author="countries/FJI",
        )

    return Service(
        name="shelf",
        package="bp_shelf",
        database=database,
        servicers=[(grpc_.add_BookServiceServicer_to_server, BookServicer(settings, seams, database))],
        workers=[
            OutboxRelay(database, seams, "shelf").run,
            Subscriber(database, seams, "shelf", {TOPIC: on_created}).run,
        ],
    )
