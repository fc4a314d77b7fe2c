"""A node in pods: what is on its volumes and in PostgreSQL goes into one archive, and comes back into new ones."""

from __future__ import annotations

import json
import shutil
from contextlib import AsyncExitStack

import pytest
from household import PASSPHRASE, make_node, write_private
from sqlalchemy import JSON, insert, null, select, text

from bp_kit.blobs import BlobStore
from bp_kit.database import Database
from bp_kit.ports import system_clock
from bp_kit.testing.databases import fresh_database
from bp_node.backup import cipher, postgres, restoring, saving
from bp_node.backup.postgres import metadata_of
from bp_node.failure import CommandError
from bp_node.migrating import head_of
from bp_node.settings import FILE

BLOB = b"course package" * 1000
NOW = system_clock()
DETAIL = {"rows": [1, None]}
AUDITED = dict.fromkeys(("principal", "method", "name", "outcome", "purpose", "trace_id"), "x")


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    monkeypatch.setattr(cipher, "_MEMORY_KIB", 64)


@pytest.fixture
def passphrase(tmp_path):
    return write_private(tmp_path / "passphrase", PASSPHRASE)


def new_volumes(place, settings):
    """Volumes as a chart makes them: nothing on them but what it says of the node."""
    for name in ("exchange", "identity", "training", "blobs", "node"):
        (place / name).mkdir(parents=True)
    (place / "exchange" / "lost+found").mkdir()
    shutil.copy(settings.place(FILE), place / "node" / FILE)
    return place


@pytest.fixture
async def pods(tmp_path):
    """Volumes with what three services keep there, of a node that was made as any other."""
    settings = make_node(tmp_path / "fji")
    volumes = new_volumes(tmp_path / "volumes", settings)
    shutil.copytree(settings.place("keys", "exchange"), volumes / "exchange" / "keys" / "exchange")
    (volumes / "exchange" / "sealed").mkdir()
    (volumes / "exchange" / "enrolment.txt").write_text("let in")

    async def chunks():
        yield BLOB

    await BlobStore(volumes / "blobs").put(chunks(), limit=len(BLOB))
    return settings, volumes


def files_of(volumes):
    return {one.relative_to(volumes): one.read_bytes() for one in volumes.rglob("*") if one.is_file()}


def back_up(volumes, scratch, to, passphrase, keep=0):
    saving.backup(scratch, to, passphrase, volumes=volumes, keep=keep, as_json=True)


def test_what_was_on_the_volumes_is_on_the_new_ones(pods, tmp_path, passphrase, capsys):
    settings, volumes = pods
    (tmp_path / "backups").mkdir()
    back_up(volumes, tmp_path / "scratch", tmp_path / "backups", passphrase)
    archive = json.loads(capsys.readouterr().out)["file"]
    assert archive.startswith(str(tmp_path / "backups" / "fji-2"))
    again = new_volumes(tmp_path / "again", settings)
    (archive,) = (tmp_path / "backups").iterdir()
    restoring.restore(archive, tmp_path / "scratch-2", passphrase, volumes=again, as_json=True)
    assert files_of(again) == files_of(volumes)
    assert not (tmp_path / "scratch-2").exists()
    with pytest.raises(CommandError, match="is there already: a node is restored into new volumes"):
        restoring.restore(archive, tmp_path / "scratch-3", passphrase, volumes=again, as_json=True)


def test_another_nodes_volumes_stay_empty(pods, tmp_path, passphrase):
    _, volumes = pods
    archive = tmp_path / "fji.bpb"
    back_up(volumes, tmp_path / "scratch", archive, passphrase)
    tonga = new_volumes(tmp_path / "ton-volumes", make_node(tmp_path / "ton", node_id="ton", country="TON"))
    before = files_of(tonga)
    with pytest.raises(CommandError, match="the backup is of fji, but ton is to stand here; nothing was restored"):
        restoring.restore(archive, tmp_path / "scratch-2", passphrase, volumes=tonga, as_json=True)
    assert files_of(tonga) == before


def test_only_the_newest_archives_stay(pods, tmp_path, passphrase):
    _, volumes = pods
    backups = tmp_path / "backups"
    backups.mkdir()
    for day in (1, 2, 3):
        (backups / f"fji-2026010{day}T143000Z.bpb").touch()
    (backups / "ton-20260101T143000Z.bpb").touch()
    (backups / "fji-before-the-upgrade.bpb").touch()
    back_up(volumes, tmp_path / "scratch", backups, passphrase, keep=2)
    kept = sorted(one.name for one in backups.iterdir())
    assert len(kept) == 4
    assert {"fji-20260103T143000Z.bpb", "fji-before-the-upgrade.bpb", "ton-20260101T143000Z.bpb"} < set(kept)


def test_what_is_no_nodes_volumes_is_told(tmp_path, passphrase):
    with pytest.raises(CommandError, match="has not the volumes of a node"):
        back_up(tmp_path, tmp_path / "scratch", tmp_path / "fji.bpb", passphrase)


@pytest.fixture
async def servers(monkeypatch):
    """Databases of two services, and new ones to restore into: `servers(0)` and `servers(1)` choose."""
    async with AsyncExitStack() as stack:
        urls = [
            {
                name: await stack.enter_async_context(fresh_database("postgres", f"bp_{name}"))
                for name in ("exchange", "identity")
            }
            for _ in range(2)
        ]

        def chosen(number):
            for name, url in urls[number].items():
                monkeypatch.setenv(f"BP_{name.upper()}__DATABASE_URL", url)
            return urls[number]

        yield chosen


async def fill(urls):
    exchange, identity = (Database(urls[name]) for name in ("exchange", "identity"))
    tables = metadata_of("exchange").tables
    async with exchange.write() as session:
        node = {"node_id": "fji", "incarnation": "0190a1b2", "sequence": 7, "log_size": 2, "log_edge": b"\0\xff"}
        await session.execute(insert(tables["node"]), [node])
        await session.execute(
            insert(tables["outbox"]), [{"kind": "send", "body": b"\0", "due_time": NOW, "create_time": NOW}] * 700
        )
    async with identity.write() as session:
        audit = metadata_of("identity").tables["audit"]
        rows = [{**AUDITED, "call_time": NOW, "detail": detail} for detail in (DETAIL, None, "é")]
        await session.execute(insert(audit), rows)
    await exchange.aclose()
    await identity.aclose()


async def rows_of(urls):
    found = {}
    for name, url in urls.items():
        database = Database(url)
        async with database.read() as session:
            for table in metadata_of(name).sorted_tables:
                rows = await session.execute(select(table).order_by(*table.primary_key.columns))
                found[f"{name}.{table.name}"] = [dict(row) for row in rows.mappings()]
        await database.aclose()
    return found


async def test_databases_of_postgresql_come_back_in_new_ones(servers, pods, tmp_path, passphrase, bluepacific):
    settings, volumes = pods
    old = servers(0)
    await fill(old)
    archive = tmp_path / "fji.bpb"
    known = ("--passphrase-file", passphrase, "--json")
    ran = await bluepacific(
        "node", "backup", "--volumes", volumes, "--dir", tmp_path / "scratch", "--to", archive, *known
    )
    assert ran.code == 0, ran.err

    async def restore(number):
        place = new_volumes(tmp_path / f"volumes-{number}", settings)
        return await bluepacific(
            "node", "restore", archive, "--volumes", place, "--dir", tmp_path / f"scratch-{number}", *known
        )

    ran = await restore(0)
    assert ran.one_line
    assert "the database of exchange is not empty: a node is restored into new databases" in ran.err
    new = servers(1)
    ran = await restore(1)
    assert ran.code == 0, ran.err
    before, after = await rows_of(old), await rows_of(new)
    (node,) = after.pop("exchange.node")
    (first,) = before.pop("exchange.node")
    assert after == before
    assert node["incarnation"] != first["incarnation"]
    assert (node["sequence"], node["restored"], node["log_edge"]) == (0, True, first["log_edge"])
    # Numbers go on after those that came.
    database = Database(new["exchange"])
    outbox = metadata_of("exchange").tables["outbox"]
    async with database.write() as session:
        values = {"kind": "send", "body": b"", "due_time": NOW, "create_time": NOW}
        made = await session.execute(insert(outbox).values(**values).returning(outbox.c.position))
        assert made.scalar_one() == 701
    await database.aclose()


async def test_a_database_of_another_release_is_told(servers, pods, tmp_path, passphrase, bluepacific):
    _, volumes = pods
    database = Database(servers(0)["identity"])
    change = text("UPDATE alembic_version SET version_num = :revision")
    async with database.write() as session:
        await session.execute(change, {"revision": "9999"})
    try:
        told = ("--to", tmp_path / "fji.bpb", "--passphrase-file", passphrase, "--json")
        ran = await bluepacific("node", "backup", "--volumes", volumes, "--dir", tmp_path / "scratch", *told)
    finally:
        async with database.write() as session:
            await session.execute(change, {"revision": head_of("bp_identity")})
        await database.aclose()
    assert ran.one_line
    assert "the database of identity is of another release than this software: upgrade first" in ran.err
    assert not (tmp_path / "fji.bpb").exists()


def test_a_missing_value_and_jsons_null_are_told_apart():
    table = metadata_of("identity").tables["audit"]
    row = dict.fromkeys((column for column in table.columns), None)
    assert isinstance(table.c.detail.type, JSON)
    assert postgres._row(table, row)["detail"] is None
    table.c.detail.nullable = True
    try:
        assert postgres._row(table, row)["detail"] is not None
        assert str(postgres._row(table, row)["detail"]) == str(null())
    finally:
        table.c.detail.nullable = False
