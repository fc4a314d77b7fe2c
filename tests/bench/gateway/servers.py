"""One server of the benchmark in a process of its own: `python -m tests.bench.gateway.servers ROLE LEVEL PORT [BACKEND_PORT]`.

backend: the gRPC server. wire: the gateway before it. embedded: the gateway with the servicer in the same process. fastapi: a bare route.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from google.protobuf import json_format
from pydantic import BaseModel

from bp_gateway.app import build_app
from bp_gateway.protocol import BoundedProtocol
from bp_gateway.settings import GatewaySettings
from bp_kit import logs, telemetry
from bp_kit.rpc.client import open_channel
from bp_kit.rpc.inprocess import InProcessChannel
from bp_kit.rpc.server import start_server
from bp_kit.testing import Harness
from tests.bench.gateway import shelf

SAMPLED = 0.1


class Book(BaseModel):
    """What the bare route takes."""

    title: str
    pageCount: int = 0  # noqa: N815 - as in JSON
    colour: str = "COLOUR_UNSPECIFIED"
    authors: list[str] = []
    summary: dict[str, dict[str, str]] = {}


async def main(role: str, level: str, port: int, backend: int) -> None:
    """Serves until it is killed."""
    async with contextlib.AsyncExitStack() as stack:
        if level == "everything":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bp-bench-")))
            telemetry.configure(node="bench", span_store=folder / "spans.sqlite", sample_ratio=SAMPLED)
        if role == "backend":
            server, _ = await start_server(await _handlers(level, stack), f"127.0.0.1:{port}")
            await server.wait_for_termination()
        app = fastapi_app() if role == "fastapi" else await _gateway(role, level, backend, stack)
        config = uvicorn.Config(
            app, port=port, ws="none", http=BoundedProtocol, log_config=None, access_log=False, lifespan="off"
        )
        await uvicorn.Server(config).serve()


async def _gateway(role: str, level: str, backend: int, stack: contextlib.AsyncExitStack) -> Any:
    if role == "embedded":
        channel: Any = InProcessChannel(await _handlers(level, stack))
    else:
        channel = await stack.enter_async_context(open_channel(f"127.0.0.1:{backend}"))
    settings = GatewaySettings(access_log=level == "everything")
    return build_app(settings, lambda _package, _country: channel, descriptors=shelf.DESCRIPTORS)


async def _handlers(level: str, stack: contextlib.AsyncExitStack) -> dict[str, Any]:
    if level != "everything":
        return shelf.handlers_at(level, None, None)
    from bp_library.app import LibrarySettings, build

    running = Harness("sqlite", "inprocess").run(build, LibrarySettings, seams={"keys": shelf.Keys()})
    library = await stack.enter_async_context(running)
    async with library.service.database.write() as session:
        session.add_all(shelf.rows())
    return shelf.handlers_at(level, library.service, library.seams)


def fastapi_app() -> Any:
    """Returns FastAPI as its tutorial has it: path and body parsed, a dict returned."""
    from fastapi import FastAPI

    one = json_format.MessageToDict(shelf.book(1))
    twenty = {
        "books": [json_format.MessageToDict(shelf.book(number)) for number in range(20)],
        "nextPageToken": "x" * 80,
    }
    app = FastAPI()

    @app.get("/v1/countries/{country}/books/{book}")
    async def get_book(country: str, book: str) -> dict[str, Any]:
        return one

    @app.get("/v1/countries/{country}/books")
    async def list_books(country: str, pageSize: int = 20) -> dict[str, Any]:  # noqa: N803
        return twenty

    @app.post("/v1/countries/{country}/books")
    async def create_book(country: str, book: Book) -> Book:
        return book

    return app


if __name__ == "__main__":
    _role, _level, _port, *_rest = sys.argv[1:]
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - log lines are made and written; nobody reads them
    logs.configure(node="bench", level="INFO" if _level == "everything" else "WARNING")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(_role, _level, int(_port), int(_rest[0]) if _rest else 0))
