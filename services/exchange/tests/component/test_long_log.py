"""The log's tree in the database: what is appended can be proven, and a long log is not read for it."""

import asyncio

from alembic import command
from sqlalchemy import select, text

from bluepacific.exchange.v1 import log_pb2
from bp_exchange.adapters.journal import SqlJournal
from bp_exchange.adapters.proving import SqlEvidence, SqlLogTree
from bp_exchange.adapters.tables import LogRow, NodeRow, SubtreeRow
from bp_exchange.protocol.merkle import root_of
from bp_exchange.protocol.proofs import plan_consistency, plan_inclusion
from bp_kit.migrations import config_for
from bp_kit.ports import new_id
from bp_verify.merkle import extends, includes, leaf_hash


async def append(database, begin, end, batch=500):
    for first in range(begin, end, batch):
        async with database.write() as session:
            journal = await SqlJournal.hold(session, "fji", new_id)
            numbers = range(first, min(first + batch, end))
            await journal.append([log_pb2.LogEntry(envelope_id=f"envelope {number}") for number in numbers])


async def leaves(session):
    return [leaf_hash(entry) for entry in await session.scalars(select(LogRow.entry).order_by(LogRow.position))]


async def test_what_is_appended_is_found_and_proven(fji):
    database = fji.service.database
    await append(database, 0, 1337, batch=191)
    async with database.read() as session:
        evidence = SqlEvidence(session, "fji")
        _, edge = await evidence.head()
        assert edge.root() == root_of(await leaves(session))
        for number in (0, 255, 256, 700, 1279, 1280, 1336):
            ((position, raw),) = await evidence.entries(f"envelope {number}", edge.size)
            assert position == number
            path = await evidence.tree.hashes(plan_inclusion(position, edge.size))
            assert includes(edge.root(), edge.size, position, leaf_hash(raw), path)
        assert not await evidence.entries("envelope 1336", 1336), "a leaf that came later stands in no earlier head"


async def test_a_log_is_proven_to_have_only_grown(fji):
    database = fji.service.database
    await append(database, 0, 300)
    async with database.read() as session:
        _, earlier = await SqlEvidence(session, "fji").head()
    await append(database, 300, 1000)
    async with database.read() as session:
        evidence = SqlEvidence(session, "fji")
        _, later = await evidence.head()
        path = await evidence.tree.hashes(plan_consistency(earlier.size, later.size))
        assert extends(earlier.root(), earlier.size, later.root(), later.size, path)


async def test_a_proof_reads_a_bounded_part_of_the_log(fji):
    """At each 8th level at most a block on the way to the leaf, and one at the right edge."""
    database = fji.service.database
    await append(database, 0, 20_000, batch=4000)
    async with database.read() as session:
        for position in (0, 9_999, 19_999):
            tree = SqlLogTree(session)
            await tree.hashes(plan_inclusion(position, 20_000))
            assert tree.rows <= 2 * 2 * 256


async def test_the_migration_makes_of_an_older_log_what_appending_would_have(fji):
    database = fji.service.database
    await append(database, 0, 1100)
    config = config_for("bp_exchange", database.url)

    async def held():
        async with database.read() as session:
            found = await session.execute(select(SubtreeRow.level, SubtreeRow.position, SubtreeRow.root))
            about = await session.scalars(select(LogRow.envelope_id).order_by(LogRow.position))
            return sorted(tuple(row) for row in found), list(about)

    before = await held()
    assert len(before[0]) == 1100 // 256
    await asyncio.to_thread(command.downgrade, config, "0002")
    await asyncio.to_thread(command.upgrade, config, "head")
    assert await held() == before
    async with database.read() as session:
        assert (await session.scalars(select(NodeRow.log_size))).one() == 1100
        assert await session.scalar(text("SELECT count(*) FROM log")) == 1100
