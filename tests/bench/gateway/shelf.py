"""What is served: one record, a list of twenty, and a record taken in; at three levels of what stands around the servicer."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "services" / "gateway" / "tests"))

import bp_library.protos
from bluepacific.library.v1 import book_pb2, book_pb2_grpc
from bp_library.app import BookRow

from bp_kit.rpc.admission import admit, check_scope, recognise
from bp_kit.rpc.methods import method_of
from bp_kit.rpc.registry import _Collector, handlers_of
from bp_kit.testing.tokens import ISSUER, make_token
from bp_kit.tokens import TokenVerifier

DESCRIPTORS = bp_library.protos.DESCRIPTORS
SERVICE = "bluepacific.library.v1.BookService"
# open: the servicer alone. authorised: with token and permission. everything: the whole pipeline over SQLite, audit, sampled traces.
LEVELS = ("open", "authorised", "everything")
# Every process is told the same key, of this run only.
KEY = OKPKey.import_key(json.loads(os.environ["BP_BENCH_KEY"]))


class Keys:
    """The run's key."""

    async def find(self, key_id: str) -> tuple[OKPKey, str] | None:
        return KEY, ISSUER

    async def voided(self, holder: str) -> float:
        return 0.0


def token() -> str:
    """Returns a learner's token. One token is used throughout, as a frontend does for its quarter of an hour."""
    return make_token("countries/FJI/officers/ana", ["learner@academy"], lifetime=86400, key=KEY)


def book(number: int) -> Any:
    """Returns a record of the usual size."""
    found = book_pb2.Book(
        name=f"countries/FJI/books/book-{number}",
        title=f"Tides and currents of the western lagoon, part {number}",
        page_count=240 + number,
        colour=1,
        authors=["Sina Tuilagi", "Mere Vakaloloma"],
        etag=f'"etag-{number:08}"',
    )
    found.summary.texts["en"] = "When the water comes, when it goes, and what it carries."
    found.summary.texts["fr"] = "Quand l'eau vient, quand elle part, et ce qu'elle porte."
    found.create_time.FromJsonString("2026-01-02T03:04:05.678Z")
    return found


class Shelf(book_pb2_grpc.BookServiceServicer):
    """Answers from memory: what is measured is what stands before it."""

    def __init__(self) -> None:
        self._one = book(1)
        self._list = book_pb2.ListBooksResponse(books=[book(number) for number in range(20)], next_page_token="x" * 80)

    async def GetBook(self, request: Any, context: Any) -> Any:
        return self._one

    async def ListBooks(self, request: Any, context: Any) -> Any:
        return self._list

    async def CreateBook(self, request: Any, context: Any) -> Any:
        return request.book


def handlers_at(level: str, service: Any, seams: Any) -> dict[str, Any]:
    """Returns the handlers of a level by gRPC path; `service` and `seams` are of the level `everything` only."""
    if level == "everything":
        return handlers_of(service, seams, from_node=False)
    collector = _Collector()
    book_pb2_grpc.add_BookServiceServicer_to_server(Shelf(), collector)
    if level == "authorised":
        verifier = TokenVerifier(Keys())
        for path, handler in collector.handlers.items():
            if not handler.request_streaming and not handler.response_streaming:
                collector.handlers[path] = handler._replace(unary_unary=_admitted(path, handler.unary_unary, verifier))
    return collector.handlers


def _admitted(path: str, behaviour: Any, verifier: TokenVerifier) -> Any:
    method = method_of(path)

    async def serve(request: Any, context: Any) -> Any:
        metadata = {key.lower(): value for key, value in context.invocation_metadata() if isinstance(value, str)}
        call = await recognise(method, metadata, verifier, from_node=False)
        admit(method, call)
        check_scope(method, call.principal, request)
        return await behaviour(request, context)

    return serve


def rows() -> list[BookRow]:
    """Returns the rows that the database has at the level `everything`."""
    return [
        BookRow(name=book(number).name, version=1, content=book(number).SerializeToString()) for number in range(20)
    ]
