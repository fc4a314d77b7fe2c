import asyncio
import contextlib

import grpc
import pytest
from bp_shelf.app import ShelfSettings, build
from bp_shelf.protos import grpc_, pb2
from google.rpc import error_details_pb2

from bp_kit.rpc import pipeline
from bp_kit.testing.harness import detail

PARENT = "countries/FJI"
WHO = ("countries/FJI/officers/ana", ["officer@ncb"])


@pytest.fixture
async def shelf(harness, monkeypatch):
    monkeypatch.setattr(pipeline, "MAX_CALLS", 2)
    monkeypatch.setattr(pipeline, "MAX_STREAMS", 3)
    async with harness.run(build, ShelfSettings, workers=False) as under_test:
        yield under_test


async def ended(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def persistent(call):
    """Calls again whenever there was no place: those who look whether the service is full take one, too."""

    async def run():
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):
                await call()
            await asyncio.sleep(0)

    return run


async def refused_once(shelf, call):
    """Calls again and again until the service is full: the tasks that fill it have only just begun."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):
                await call()
                await asyncio.sleep(0)
                continue
            return await shelf.refused(call(), "OVERLOADED")


async def test_calls_beyond_the_limit_are_told_to_come_back(shelf):
    stub = grpc_.BookServiceStub(shelf.channel)

    @persistent
    async def waiting():
        await stub.BreakShelf(pb2.GetBookRequest(name=f"{PARENT}/books/wait"), metadata=shelf.token(*WHO))

    async def listing():
        return await stub.ListBooks(pb2.ListBooksRequest(parent=PARENT))

    tasks = [asyncio.create_task(waiting()) for _ in range(2)]
    status = await refused_once(shelf, listing)
    assert detail(status, error_details_pb2.RetryInfo()).retry_delay.seconds > 0
    await ended(tasks)
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):
                await listing()
                break
            await asyncio.sleep(0)


async def test_streams_have_places_of_their_own(shelf):
    stub = grpc_.BookServiceStub(shelf.channel)
    request = pb2.ListBooksRequest(parent=PARENT, filter="wait")

    @persistent
    async def watching():
        async for _ in stub.WatchBooks(request, metadata=shelf.token(*WHO)):
            pass

    async def watching_shortly():
        short = pb2.ListBooksRequest(parent=PARENT)
        return [book async for book in stub.WatchBooks(short, metadata=shelf.token(*WHO))]

    tasks = [asyncio.create_task(watching()) for _ in range(3)]
    await refused_once(shelf, watching_shortly)
    assert (await stub.ListBooks(pb2.ListBooksRequest(parent=PARENT))).books == []
    await ended(tasks)
