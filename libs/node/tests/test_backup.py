from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest
from household import PASSPHRASE, make_node, write_private

from bp_kit.blobs import BlobStore
from bp_node import folder
from bp_node.backup import cipher, restoring, saving
from bp_node.backup.contents import databases_of
from bp_node.failure import CommandError
from bp_node.migrating import revision_of
from bp_node.settings import FILE, load

BLOB = b"course package" * 30_000


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """The cost stands in each header, so these archives may be cheap."""
    monkeypatch.setattr(cipher, "_MEMORY_KIB", 64)


@pytest.fixture
def passphrase(tmp_path):
    return write_private(tmp_path / "passphrase", f"{PASSPHRASE}\nnot this\n")


@pytest.fixture
async def node(tmp_path):
    """A node that does not run, with one real database and one file."""
    settings = make_node(tmp_path / "fji")
    make_database(settings.place("data", "identity.sqlite"))

    async def chunks():
        yield BLOB

    await BlobStore(settings.place("blobs")).put(chunks(), limit=len(BLOB))
    return settings


def make_database(file):
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(
            "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('0001');"
            "CREATE TABLE authorization_code (digest); CREATE TABLE refresh_token (digest);"
            "CREATE TABLE session (session_id, revoke_time); INSERT INTO session VALUES ('one', NULL);"
        )


def back_up(settings, target, passphrase):
    saving.backup(settings.folder, target, passphrase, as_json=True)


def left_in(place):
    return sorted(one.name for one in place.iterdir())


def test_what_comes_back_is_what_was_there_for_this_user_only(node, tmp_path, passphrase, capsys):
    target, place = tmp_path / "fji.bpb", tmp_path / "restored"
    back_up(node, target, passphrase)
    told = json.loads(capsys.readouterr().out)
    assert told["file"] == str(target)
    assert told["bytes"] == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert BLOB[:100] not in target.read_bytes()
    restoring.restore(target, place, passphrase, as_json=True)
    kept = {one.relative_to(node.folder).as_posix() for one in node.folder.rglob("*") if one.is_file()}
    back = {one.relative_to(place).as_posix() for one in place.rglob("*") if one.is_file()}
    assert kept - back == {"run/last-backup.json"}
    assert back <= kept
    for name in back - {"data/identity.sqlite"}:
        assert (place / name).read_bytes() == (node.folder / name).read_bytes()
    modes = {one.is_dir(): stat.S_IMODE(one.stat().st_mode) for one in (place, *place.rglob("*"))}
    assert modes == {True: 0o700, False: 0o600}
    with closing(sqlite3.connect(place / "data" / "identity.sqlite")) as database:
        assert database.execute("SELECT revoke_time IS NOT NULL FROM session").fetchall() == [(1,)]
    # Nothing of the backup stays in the node, and none of its own files are in the way of the next.
    assert not list(node.folder.rglob("*.copying"))
    assert not list(node.folder.rglob(".backup"))
    back_up(node, tmp_path / "again.bpb", passphrase)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_what_root_leaves_in_a_node_is_the_nodes(node, tmp_path, passphrase):
    for one in (node.folder, *node.folder.rglob("*")):
        os.chown(one, 12345, 12345)
    back_up(node, tmp_path / "fji.bpb", passphrase)
    assert {one.stat().st_uid for one in node.folder.rglob("*")} == {12345}


def test_an_existing_target_is_never_overwritten(node, tmp_path, passphrase):
    target = tmp_path / "fji.bpb"
    target.write_text("precious")
    with pytest.raises(CommandError, match="is there already"):
        back_up(node, target, passphrase)
    assert target.read_text() == "precious"
    target.unlink()
    back_up(node, target, passphrase)
    for place in (node.folder, target):
        with pytest.raises(CommandError, match="is there already"):
            restoring.restore(target, place, passphrase, as_json=True)


def damaged(raw, how):
    return {
        "cut": raw[: len(raw) // 2],
        "changed": raw[:-40] + bytes([raw[-40] ^ 1]) + raw[-39:],
        "newer": raw[:19] + (9).to_bytes(2) + raw[21:],
        "empty": b"",
    }[how]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("cut", "is cut off, or a part of it was changed"),
        ("changed", "is cut off, or a part of it was changed"),
        ("newer", "only a newer release reads"),
        ("empty", "is not a backup"),
    ],
)
def test_of_a_damaged_archive_nothing_is_left_behind(node, tmp_path, passphrase, how, says):
    target, damage = tmp_path / "fji.bpb", tmp_path / "damaged.bpb"
    back_up(node, target, passphrase)
    damage.write_bytes(damaged(target.read_bytes(), how))
    before = left_in(tmp_path)
    with pytest.raises(CommandError, match=says):
        restoring.restore(damage, tmp_path / "restored", passphrase, as_json=True)
    assert left_in(tmp_path) == before


def test_another_passphrase_restores_nothing(node, tmp_path, passphrase):
    target = tmp_path / "fji.bpb"
    back_up(node, target, passphrase)
    other = write_private(tmp_path / "other", "wrong horse battery staple")
    before = left_in(tmp_path)
    with pytest.raises(CommandError, match="the passphrase is another"):
        restoring.restore(target, tmp_path / "restored", other, as_json=True)
    assert left_in(tmp_path) == before


def test_a_schema_of_a_newer_release_is_refused(node, tmp_path, passphrase):
    with closing(sqlite3.connect(node.place("data", "identity.sqlite"))) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    back_up(node, tmp_path / "fji.bpb", passphrase)
    with pytest.raises(CommandError, match="which is newer than this one"):
        restoring.restore(tmp_path / "fji.bpb", tmp_path / "restored", passphrase, as_json=True)
    assert not (tmp_path / "restored").exists()


def test_no_room_is_told_before_anything_is_written(node, tmp_path, passphrase, monkeypatch):
    target = tmp_path / "fji.bpb"
    back_up(node, target, passphrase)
    before = left_in(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**6, 10**6, 1000))
    with pytest.raises(CommandError, match="no disk space"):
        back_up(node, tmp_path / "second.bpb", passphrase)
    with pytest.raises(CommandError, match="no disk space"):
        restoring.restore(target, tmp_path / "restored", passphrase, as_json=True)
    assert left_in(tmp_path) == before


def test_a_disk_that_fills_up_meanwhile_leaves_nothing_behind(node, tmp_path):
    code = (
        "import resource, sys; from pathlib import Path; from bp_node.backup import saving; from bp_node.failure import CommandError\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: saving.backup(*map(Path, sys.argv[1:4]), as_json=True)\n"
        "except CommandError as error: print(error.text)\n"
    )
    file = write_private(tmp_path / "p", PASSPHRASE)
    target = tmp_path / "fji.bpb"
    done = subprocess.run(
        [sys.executable, "-c", code, node.folder, target, file], capture_output=True, text=True, check=True
    )
    assert "cannot write" in done.stdout
    assert "too large" in done.stdout
    assert left_in(tmp_path) == ["fji", "p"]
    assert not list(node.folder.rglob(".backup"))


def test_a_place_that_cannot_be_written_is_told(node, tmp_path, passphrase):
    with pytest.raises(CommandError, match="no such file or directory"):
        back_up(node, tmp_path / "nowhere" / "fji.bpb", passphrase)
    back_up(node, tmp_path / "fji.bpb", passphrase)
    with pytest.raises(CommandError, match="no such file or directory"):
        restoring.restore(tmp_path / "fji.bpb", tmp_path / "nowhere" / "fji", passphrase, as_json=True)
    with pytest.raises(CommandError, match="no such file or directory"):
        restoring.restore(tmp_path / "none.bpb", tmp_path / "restored", passphrase, as_json=True)


def test_data_in_files_and_in_postgresql_at_once_is_refused(node, tmp_path, passphrase):
    file = node.place(FILE)
    file.write_text(
        file.read_text() + '\n[services.training]\ndatabase_url = "postgresql+asyncpg://bp:secret@db/training"\n'
    )
    with pytest.raises(
        CommandError, match="the data of training is in PostgreSQL and that of identity in files"
    ) as told:
        back_up(node, tmp_path / "fji.bpb", passphrase)
    assert "secret" not in told.value.text


def test_a_database_outside_of_the_folder_is_told(node, tmp_path, passphrase):
    file = node.place(FILE)
    elsewhere = f"sqlite+aiosqlite:///{tmp_path}/training.sqlite"
    file.write_text(file.read_text() + f'\n[services.training]\ndatabase_url = "{elsewhere}"\n')
    with pytest.raises(CommandError, match="the data of training is outside"):
        databases_of(load(node.folder))


def test_a_damaged_database_is_told_today(node, tmp_path, passphrase):
    file = node.place("data", "identity.sqlite")
    raw = bytearray(file.read_bytes())
    raw[4096:8192] = bytes(4096)
    file.write_bytes(bytes(raw))
    with pytest.raises(CommandError, match=r"identity is damaged|cannot be copied"):
        back_up(node, tmp_path / "fji.bpb", passphrase)
    assert not (tmp_path / "fji.bpb").exists()


def test_a_passphrase_others_can_read_or_guess_is_refused(node, tmp_path):
    file = write_private(tmp_path / "passphrase", "short")
    with pytest.raises(CommandError, match="too short"):
        back_up(node, tmp_path / "fji.bpb", file)
    file.write_text(PASSPHRASE)
    file.chmod(0o644)
    with pytest.raises(CommandError, match=f"run `chmod 600 {file}`"):
        back_up(node, tmp_path / "fji.bpb", file)


async def test_where_nobody_can_be_asked_is_one_line(bluepacific, node, tmp_path):
    ran = await bluepacific("node", "backup", "--dir", node.folder, "--to", tmp_path / "fji.bpb")
    assert ran.one_line, ran.err
    assert "--passphrase-file" in ran.err


def test_ended_by_a_signal_nothing_is_left_behind(node, tmp_path):
    file = write_private(tmp_path / "p", PASSPHRASE)
    code = (
        "import os, signal, sys; from pathlib import Path; from bp_node.backup import saving\n"
        "from bp_node.backup.archive import Packer\n"
        "add = Packer.add_file\n"
        "def stopped(*a): os.kill(os.getpid(), signal.SIGTERM); add(*a)\n"
        "Packer.add_file = stopped\n"
        "try: saving.backup(*map(Path, sys.argv[1:4]), as_json=True)\n"
        "except KeyboardInterrupt: print('ended')\n"
    )
    target = tmp_path / "fji.bpb"
    done = subprocess.run(
        [sys.executable, "-c", code, node.folder, target, file], capture_output=True, text=True, check=True
    )
    assert done.stdout == "ended\n"
    assert left_in(tmp_path) == ["fji", "p"]
    assert not list(node.folder.rglob(".backup"))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_node_that_never_ran_can_be_backed_up(tmp_path, passphrase, capsys):
    settings = make_node(tmp_path / "fji")
    back_up(settings, tmp_path / "fji.bpb", passphrase)
    restoring.restore(tmp_path / "fji.bpb", tmp_path / "restored", passphrase, as_json=True)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["incarnation"] == ""
    assert (tmp_path / "restored" / "keys" / "exchange" / "sign.key").is_file()
    assert revision_of(tmp_path / "restored" / "data" / "identity.sqlite") is None
    folder.check_space(tmp_path / "restored")


def test_a_large_file_takes_no_memory(node, tmp_path, passphrase):
    large = node.place("blobs", "bb", "b" * 64)
    large.parent.mkdir()
    with large.open("wb") as file:
        file.truncate(400 * 1024 * 1024)
    code = (
        "import resource, sys; from pathlib import Path; from bp_node.backup import restoring, saving\n"
        "node, target, passphrase, place = map(Path, sys.argv[1:])\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (400 * 2**20, 400 * 2**20))\n"
        "saving.backup(node, target, passphrase, as_json=True)\n"
        "restoring.restore(target, place, passphrase, as_json=True)\n"
    )
    file = write_private(tmp_path / "p", PASSPHRASE)
    place = tmp_path / "restored"
    subprocess.run([sys.executable, "-c", code, node.folder, tmp_path / "fji.bpb", file, place], check=True)
    assert (place / "blobs" / "bb" / ("b" * 64)).stat().st_size == 400 * 1024 * 1024
