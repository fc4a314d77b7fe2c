from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest

from bp_node.backup import moment
from bp_node.failure import CommandError


def connect(file):
    database = sqlite3.connect(file, isolation_level=None, timeout=30)
    database.execute("PRAGMA journal_mode=WAL")
    return database


def hand_over(databases, stop, moved):
    """Moves one row round the databases, as outbox and exchange do: first it is there, then it is gone here."""
    at = 0
    with closing(connect(databases[0])) as first, closing(connect(databases[1])) as second:
        both = (first, second)
        for one in both:
            # As quick as can be, for more to happen between two looks.
            one.execute("PRAGMA synchronous=OFF")
        while not stop.is_set():
            both[1 - at].execute("INSERT OR IGNORE INTO held VALUES (1)")
            both[at].execute("DELETE FROM held")
            at = 1 - at
            moved.release()


def test_what_is_handed_over_is_never_in_neither_copy(tmp_path):
    files = {"a": tmp_path / "a.sqlite", "b": tmp_path / "b.sqlite"}
    for number, file in enumerate(files.values()):
        with closing(connect(file)) as database:
            database.execute("CREATE TABLE held (n PRIMARY KEY)")
            if not number:
                database.execute("INSERT INTO held VALUES (1)")
    stop, moved = threading.Event(), threading.Semaphore(0)
    thread = threading.Thread(target=hand_over, args=(list(files.values()), stop, moved))
    thread.start()
    try:
        for _ in range(1500):
            moved.acquire()
            with moment.one_moment(files, lambda: None) as readers:
                # Whatever is written meanwhile is not seen, however late one looks.
                for _ in range(3):
                    moved.acquire()
                counts = [reader.execute("SELECT COUNT(*) FROM held").fetchone()[0] for reader in readers.values()]
            assert sum(counts) >= 1
    finally:
        stop.set()
        thread.join()


def test_nothing_is_written_at_the_moment_and_everything_after_it(tmp_path):
    file = tmp_path / "a.sqlite"
    with closing(connect(file)) as database:
        database.execute("CREATE TABLE held (n)")
        database.execute("PRAGMA busy_timeout=0")

        def meanwhile():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                database.execute("INSERT INTO held VALUES (1)")

        with moment.one_moment({"a": file}, meanwhile):
            database.execute("INSERT INTO held VALUES (1)")


def test_a_database_that_is_never_free_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(moment, "_LOCK_SECONDS", 0.01)
    monkeypatch.setattr(moment, "_TRIES", 2)
    file = tmp_path / "a.sqlite"
    with closing(connect(file)) as database:
        database.execute("BEGIN IMMEDIATE")
        with pytest.raises(CommandError, match="without any pause"), moment.one_moment({"a": file}, lambda: None):
            pass


def test_links_are_of_the_whole_files_that_are_there_now(tmp_path):
    digests = [letter * 64 for letter in "abc"]
    source = tmp_path / "blobs"
    for digest in digests[:2]:
        place = source / digest[:2] / digest
        place.parent.mkdir(parents=True)
        place.write_text(digest)
    (source / "incoming").mkdir()
    (source / "incoming" / "tmp1").touch()
    (source / f"{digests[2]}.part").touch()
    with moment.kept(source) as staging:
        moment.link(source, staging)
        assert sorted(moment.names(staging)) == [f"{one[:2]}/{one}" for one in digests[:2]]
        (source / digests[0][:2] / digests[0]).unlink()
        (source / digests[2]).write_text("sealed ones lie flat")
        moment.link(source, staging)
        assert sorted(moment.names(staging)) == sorted([f"{digests[1][:2]}/{digests[1]}", digests[2]])
        (source / digests[2]).unlink()
        assert (staging / digests[2]).read_text() == "sealed ones lie flat"
    assert not staging.exists()


def test_one_backup_at_a_time(tmp_path):
    with moment.alone(tmp_path), pytest.raises(CommandError, match="another backup"), moment.alone(tmp_path):
        pass
    with moment.alone(tmp_path):
        pass
