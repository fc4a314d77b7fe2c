"""Runs one service for component tests: its own build, pipeline and workers, on a socket or in process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc
from bp_kit.blobs import BlobStore
from bp_kit.language import LANGUAGES
from bp_kit.ports import Seams
from bp_kit.reasons import reason_of
from bp_kit.rpc.client import open_channel
from bp_kit.rpc.inprocess import InProcessChannel
from bp_kit.rpc.registry import handlers_of
from bp_kit.rpc.server import start_server
from bp_kit.rpc.status import DETAILS_KEY
from bp_kit.sealing import Sealer
from bp_kit.service import Service
from bp_kit.testing.databases import NOTHING, Planted, fresh_database
from bp_kit.testing.tokens import TestKeys, make_token
from bp_kit.testing.topics import Topics

Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ServiceUnderTest:
    """A running service.

    Attributes:
        channel: Reaches it; the generated stubs take it.
        topics: The exchange's side.
        seams: What it was built with.
        service: What `build` returned.
        node_channel: Reaches it as another service of the same node.
    """

    channel: Any
    topics: Topics
    seams: Seams
    service: Service
    node_channel: Any

    def token(self, name: str, roles: Sequence[str] = (), *, purpose: str = "", language: str = "en") -> Metadata:
        """Returns call metadata of a signed-in person: `token("countries/FJI/officers/ana", ["officer@ncb"])`."""
        found: Metadata = (("authorization", f"Bearer {make_token(name, roles)}"), ("accept-language", language))
        return (*found, ("x-purpose", purpose)) if purpose else found

    async def refused(self, call: Awaitable[Any], reason: str, *, field: str = "") -> status_pb2.Status:
        """Asserts that a call is refused for that reason, about that field, with a text in each language."""
        try:
            answer = await call
        except grpc.RpcError as error:
            status = status_of_error(error)
        else:
            raise AssertionError(f"was not refused: {answer}")
        info = detail(status, error_details_pb2.ErrorInfo())
        assert info.reason == reason, f"refused for {info.reason}, not {reason}: {status.message}"
        assert set(reason_of(reason).texts) == set(LANGUAGES)
        if field:
            fields = [one.field for one in detail(status, error_details_pb2.BadRequest()).field_violations]
            assert field in fields, f"names {fields}, not {field}"
        return status


def status_of_error(error: Any) -> status_pb2.Status:
    """Returns the google.rpc.Status that a failed call carries."""
    for key, value in error.trailing_metadata():
        if key == DETAILS_KEY:
            return status_pb2.Status.FromString(value)
    raise AssertionError(f"carries no status details: {error.code()} {error.details()}")


def detail(status: status_pb2.Status, kind: Any) -> Any:
    """Returns the status's detail of that message type; empty when it has none."""
    for packed in status.details:
        if packed.Is(kind.DESCRIPTOR):
            packed.Unpack(kind)
            return kind
    return kind


class Harness:
    """Runs services for tests.

    Args:
        database: `sqlite` or `postgres`.
        transport: `socket` or `inprocess`.
    """

    def __init__(self, database: str, transport: str) -> None:
        self.database = database
        self.transport = transport

    @asynccontextmanager
    async def run(
        self,
        build: Callable[[Any, Seams], Service],
        settings: Callable[..., Any],
        *,
        country: str = "FJI",
        workers: bool = True,
        seams: dict[str, Any] | None = None,
        planted: Planted = NOTHING,
        **values: object,
    ) -> AsyncIterator[ServiceUnderTest]:
        """Builds and runs a service on a fresh migrated database.

        Args:
            build: The service's `build(settings, seams)`.
            settings: Its settings class; gets `database_url` and the values.
            country: The country the node speaks for.
            workers: Run its workers.
            seams: Replace parts of the outside: `{"clock": ...}`.
            planted: What is in the database when it begins.
            values: Further settings.
        """
        package = build.__module__.split(".")[0]
        async with contextlib.AsyncExitStack() as stack:
            url = await stack.enter_async_context(fresh_database(self.database, package, planted))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bp-test-")))
            topics, channels = Topics(), dict[str, Any]()
            outside = Seams(
                country=country,
                blobs=BlobStore(folder / "blobs"),
                channel=lambda name: channels[name],
                keys=TestKeys(),
                sealer=Sealer(os.urandom(32)),
            )
            outside = replace(outside, **(seams or {}))
            channels["exchange"] = await self._topics_channel(stack, topics, folder)
            service = build(settings(database_url=url, **values), outside)
            stack.push_async_callback(service.aclose)
            channel = await self._channel(stack, service, outside, f"unix:{folder}/people.sock", from_node=False)
            own = await self._channel(stack, service, outside, f"unix:{folder}/node.sock", from_node=True)
            channels[service.name] = own
            if workers:
                await stack.enter_async_context(_running(service))
            yield ServiceUnderTest(channel, topics, outside, service, own)

    async def _channel(
        self, stack: contextlib.AsyncExitStack, service: Service, seams: Seams, address: str, *, from_node: bool
    ) -> Any:
        handlers = handlers_of(service, seams, from_node=from_node)
        if self.transport == "inprocess":
            return InProcessChannel(handlers)
        server, _ = await start_server(handlers, address)
        stack.push_async_callback(server.stop, None)
        return await stack.enter_async_context(open_channel(address))

    async def _topics_channel(self, stack: contextlib.AsyncExitStack, topics: Topics, folder: Path) -> Any:
        server = grpc.aio.server()
        topics_grpc.add_TopicServiceServicer_to_server(topics, server)
        server.add_insecure_port(f"unix:{folder}/exchange.sock")
        await server.start()
        stack.push_async_callback(server.stop, None)
        return await stack.enter_async_context(open_channel(f"unix:{folder}/exchange.sock"))


@asynccontextmanager
async def _running(service: Service) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(worker()) for worker in service.workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        failed = [one for one in ended if isinstance(one, Exception)]
        if failed:
            raise ExceptionGroup("workers failed", failed)
