"""A PostgreSQL that goes away and comes back: whoever called is told to try again, and no worker ends."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from bp_shelf.app import ShelfSettings, build
from bp_shelf.protos import grpc_, pb2
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from bp_kit.away import UncertainError, commit_told, is_away
from bp_kit.rounds import come_round
from bp_kit.testing.harness import Harness

# Connections that the server ended are left to the garbage collector by SQLAlchemy's adapter.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
ANA = "countries/FJI/officers/ana"


@pytest.fixture
async def shelf():
    async with Harness("postgres", "socket").run(build, ShelfSettings, workers=False) as under_test:
        yield under_test


@asynccontextmanager
async def away(shelf):
    """Ends every connection to the service's database, and lets in no other."""
    url = make_url(shelf.service.database.url)
    server = create_async_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        allow = f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS '
        await connection.execute(text(allow + "false"))
        ended = text("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :name")
        await connection.execute(ended, {"name": url.database})
        try:
            yield
        finally:
            await connection.execute(text(allow + "true"))
    await server.dispose()


def create(shelf, request_id):
    request = pb2.CreateBookRequest(parent="countries/FJI", book=pb2.Book(title="Tides"), request_id=request_id)
    metadata = shelf.token(ANA, ["officer@ncb"], purpose="INVESTIGATION")
    return grpc_.BookServiceStub(shelf.channel).CreateBook(request, metadata=metadata)


async def test_who_calls_is_told_to_try_again_and_then_succeeds_once(shelf):
    request_id = str(uuid.uuid4())
    async with away(shelf):
        await shelf.refused(create(shelf, request_id), "UNAVAILABLE")
    made = await create(shelf, request_id)
    assert await create(shelf, request_id) == made


async def test_a_round_waits_for_the_database(shelf):
    came, back = asyncio.Event(), asyncio.Event()

    async def look():
        await shelf.service.database.ping()
        back.set()

    async def rest(_seconds):
        came.set()
        await asyncio.sleep(0)

    async with away(shelf):
        working = asyncio.create_task(come_round("shelf.looking", look, timedelta(), rest=rest))
        await asyncio.wait_for(came.wait(), 60)
        assert not working.done()
        assert not back.is_set()
    await asyncio.wait_for(back.wait(), 60)
    working.cancel()


async def test_an_error_while_committing_is_told_apart(shelf):
    async def end(session):
        own = await session.scalar(text("SELECT pg_backend_pid()"))
        async with shelf.service.database.write() as other:
            await other.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": own})

    with pytest.raises(UncertainError):
        async with shelf.service.database.write() as session:
            await end(session)
    with pytest.raises(Exception, match=r"closed|terminat") as lost:  # noqa: PT012 - ended, then used
        async with shelf.service.database.write() as session:
            await end(session)
            await session.execute(text("SELECT 1"))
    assert is_away(lost.value)
    assert not isinstance(lost.value, UncertainError)


async def test_what_is_no_absence_stays_what_it_is():
    wrong = OperationalError("SELECT", {}, Exception("disk image is malformed"))
    with pytest.raises(OperationalError):  # noqa: PT012 - committed, then failed
        async with commit_told() as done:
            done.append(True)
            raise wrong
    assert not is_away(wrong)
    assert not is_away(ValueError())
