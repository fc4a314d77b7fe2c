"""Rows are the same bytes on both kinds of database, however odd their values; and a place takes in no more than it was told to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    insert,
    null,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from bluepacific.moving.v1 import move_service_pb2 as pb2
from bp_kit.blobs import BlobStore
from bp_kit.database import Database, session_entered
from bp_kit.errors import Refused
from bp_kit.moving import constraints
from bp_kit.moving.freezing import freeze, is_frozen, thaw
from bp_kit.moving.place import State, begin_waiting, enter, make_placement, read_standing
from bp_kit.moving.receiving import Ground, MoveServicer
from bp_kit.moving.rows import CarriedTable, digest_of, framed, unframed
from bp_kit.tables import RowNumber, UtcTime
from bp_kit.testing import postgres

METADATA = MetaData()
KINDS = Table(
    "kinds",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("moment", UtcTime),
    Column("body", LargeBinary),
    Column("told", JSON),
    Column("words", Text),
    Column("share", Float),
    Column("holds", Boolean),
)
NUMBERED = Table(
    "numbered",
    METADATA,
    Column("position", RowNumber, primary_key=True, autoincrement=True),
    Column("alone", String(10), unique=True),
    Column("parent", ForeignKey("numbered.position")),
)
_MOVE = "0190b5a2-7f0e-7c3b-8a51-2f6f4a1d9e01"
_MOMENT = datetime(2026, 11, 25, 7, 0, 0, 120, tzinfo=timezone(timedelta(hours=13)))
# In the order of their bytes; of PostgreSQL's usual collations in another.
NAMES = ["B", "a", "a-b", "aa", "\u00e9", "\u0628", "\U0001f30a"]


@asynccontextmanager
async def _made(kind: str, folder: Path) -> AsyncIterator[Database]:
    name = postgres.new_database() if kind == "postgres" else ""
    url = postgres.url_of(name) if name else f"sqlite+aiosqlite:///{folder}/{kind}.sqlite"
    database = Database(url, foreign_keys=False)
    try:
        async with database.write() as session:
            await (await session.connection()).run_sync(METADATA.create_all)
            await session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            await session.execute(text("INSERT INTO alembic_version VALUES ('0007')"))
        yield database
    finally:
        await database.aclose()
        if name:
            postgres.drop_database(name)


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[dict[str, Database]]:
    async with AsyncExitStack() as stack:
        yield {kind: await stack.enter_async_context(_made(kind, tmp_path)) for kind in ("sqlite", "postgres")}


def _odd_rows() -> list[dict[str, object]]:
    common = {"moment": _MOMENT, "body": bytes(range(256)), "words": "a\u2028b'\"\\", "share": 0.1, "holds": True}
    told: list[object] = [{"z": 1, "a": [None, 1.5, "\u00e9"]}, None, null(), [], "null", [10**20], {"a": {"b": False}}]
    return [
        {"name": name, "number": at - 3, **common, "told": one}
        for at, (name, one) in enumerate(zip(NAMES, told, strict=True))
    ]


@pytest.mark.parametrize(("source", "target"), [("sqlite", "postgres"), ("postgres", "sqlite")])
async def test_rows_arrive_as_they_were(both: dict[str, Database], source: str, target: str) -> None:
    here, there = CarriedTable(KINDS, _dialect(source)), CarriedTable(KINDS, _dialect(target))
    async with both[source].write() as session:
        for row in reversed(_odd_rows()):
            await session.execute(insert(KINDS).values(row))
    async with both[source].read() as session:
        rows = [row async for row in here.rows(session)]
        shown: list[bytes] = []
        ranges = [one async for one in here.ranges(session, shown.append)]
    assert [json.loads(row)[0] for row in rows] == NAMES
    assert shown == rows
    assert [(one.count, one.digest, one.up_to) for one in ranges] == [(len(rows), digest_of(rows), b"")]
    async with both[target].write() as session:
        await there.put(session, unframed(framed(rows)))
    async with both[target].read() as session:
        assert [row async for row in there.rows(session)] == rows
        assert await there.digest(session) == (len(rows), digest_of(rows))
        middle = json.dumps(["a", -2]).encode(), json.dumps(["aa", 0]).encode()
        assert [json.loads(row)[0] async for row in there.rows(session, *middle)] == ["a-b", "aa"]
        # No value is not JSON's null.
        missing = await session.scalars(select(KINDS.c.name).where(KINDS.c.told.is_(null())))
        assert list(missing) == [NAMES[2]]


def _dialect(kind: str) -> str:
    return "postgresql" if kind == "postgres" else "sqlite"


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_frozen_database_takes_no_change_until_it_is_thawed(both: dict[str, Database], kind: str) -> None:
    database = both[kind]
    for _ in range(2):
        async with database.write() as session:
            await freeze(session, METADATA.sorted_tables)
    with pytest.raises(DBAPIError) as refused:
        async with database.write() as session:
            await session.execute(insert(NUMBERED).values(alone="x"))
    assert is_frozen(refused.value)
    for _ in range(2):
        async with database.write() as session:
            await thaw(session, METADATA.sorted_tables)
    async with database.write() as session:
        await session.execute(insert(NUMBERED).values(alone="x"))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_place_takes_in_what_it_waits_for_and_nothing_else(
    both: dict[str, Database], kind: str, tmp_path: Path
) -> None:
    database = both[kind]
    await make_placement(database)
    await make_placement(database)
    servicer = MoveServicer(Ground(database, METADATA, {}, BlobStore(tmp_path / "blobs"), tmp_path))
    begin = pb2.BeginMoveRequest(move_id=_MOVE, release="0.1.0", revision="0007")
    where = pb2.RowRange(table="numbered")
    rows = [b'[7,"x",null]', b'[9,"y",7]']

    async def call(method: str, request: object) -> object:
        async with database.write() as session:
            with session_entered(session):
                return await getattr(servicer, method)(request, None)

    with pytest.raises(Refused, match="MOVE_REFUSED"):  # the service stands here
        await call("BeginMove", begin)
    async with database.write() as session:
        await enter(session, State.STATE_AWAY, "", after=(State.STATE_ACTIVE,))
        await begin_waiting(session)
    older = pb2.BeginMoveRequest(move_id=_MOVE, release="0.1.0", revision="0006")
    for request, method in (
        (older, "BeginMove"),
        (pb2.CompareRowsRequest(move_id=_MOVE, range=where, digest=bytes(32)), "CompareRows"),
        (pb2.TakeOverRequest(move_id=_MOVE), "TakeOver"),
    ):
        with pytest.raises(Refused, match="MOVE_REFUSED"):
            await call(method, request)
    await call("BeginMove", begin)
    await call("BeginMove", begin)

    async def put(digest: bytes) -> None:
        async def requests() -> AsyncIterator[pb2.PutRowsRequest]:
            yield pb2.PutRowsRequest(move_id=_MOVE, range=where, digest=digest)
            yield pb2.PutRowsRequest(piece=framed(rows))

        await servicer.PutRows(requests(), None)

    with pytest.raises(Refused, match="INVALID_FIELD"):
        await put(bytes(32))
    for _ in range(2):
        await put(digest_of(rows))
    same = pb2.CompareRowsRequest(move_id=_MOVE, range=where, digest=digest_of(rows))
    assert (await call("CompareRows", same)).same  # type: ignore[attr-defined]
    take = pb2.TakeOverRequest(move_id=_MOVE, counters=[pb2.Counter(table="numbered", value=20)])
    for _ in range(2):
        await call("TakeOver", take)
    async with database.write() as session:
        assert (await read_standing(session)).state == State.STATE_ACTIVE
        given = await session.scalar(insert(NUMBERED).values(alone="z").returning(NUMBERED.c.position))
        # SQLite counts on from its rows unless told to do otherwise.
        assert given == (21 if kind == "postgres" else 10)
        assert await constraints.put_back(session) == ""
    with pytest.raises(Refused, match="MOVE_REFUSED"):
        await call("AbandonMove", pb2.AbandonMoveRequest(move_id=_MOVE))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_rows_that_lack_what_they_need_are_not_taken_over(
    both: dict[str, Database], kind: str, tmp_path: Path
) -> None:
    database = both[kind]
    await make_placement(database)
    async with database.write() as session:
        await begin_waiting(session)
        await enter(session, State.STATE_RECEIVING, _MOVE, after=(State.STATE_WAITING,))
        await constraints.take_off(session)
        await CarriedTable(NUMBERED, _dialect(kind)).put(session, [b'[9,"y",7]'])
    servicer = MoveServicer(Ground(database, METADATA, {}, BlobStore(tmp_path / "blobs"), tmp_path))
    async with database.write() as session:
        with session_entered(session), pytest.raises(Refused, match="MOVE_REFUSED"):
            await servicer.TakeOver(pb2.TakeOverRequest(move_id=_MOVE), None)
