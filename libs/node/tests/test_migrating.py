from __future__ import annotations

import sqlite3
import stat
from contextlib import closing

import pytest
from alembic.script import ScriptDirectory

from bp_kit.database import Database
from bp_kit.migrations import config_for
from bp_kit.service import Service
from bp_node.failure import CommandError
from bp_node.migrating import _copy, bring_up_to_date, head_of
from bp_node.services import NAMES


@pytest.fixture
async def service(tmp_path):
    """A service with real migrations on a file of its own."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/training.sqlite")
    yield Service("training", "bp_training", database, servicers=[])
    await database.aclose()


async def test_made_once_and_then_left_alone(service, tmp_path):
    assert await bring_up_to_date(service, tmp_path / "backups")
    assert not await bring_up_to_date(service, tmp_path / "backups")
    assert not (tmp_path / "backups").exists()


async def test_what_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/file/training.sqlite")
    with pytest.raises(CommandError, match="unable to open database file"):
        await bring_up_to_date(Service("training", "bp_training", database, servicers=[]), tmp_path / "backups")
    await database.aclose()


@pytest.mark.parametrize("name", NAMES)
def test_the_newest_revision_is_the_one_that_alembic_finds(name):
    config = config_for(f"bp_{name}", "sqlite://")
    assert head_of(f"bp_{name}") == ScriptDirectory.from_config(config).get_current_head()


def test_copies_hold_what_is_in_the_log_and_the_newest_are_kept(tmp_path):
    file = tmp_path / "data.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE t (n)")
        for revision in range(5):
            database.execute("INSERT INTO t VALUES (?)", (revision,))
            _copy(file, tmp_path / "backups", f"{revision:04}")
    copies = sorted((tmp_path / "backups").iterdir())
    assert [copy.name for copy in copies] == [f"data-{revision:04}.sqlite" for revision in (2, 3, 4)]
    assert {stat.S_IMODE(copy.stat().st_mode) for copy in copies} == {0o600}
    with closing(sqlite3.connect(copies[-1])) as copy:
        assert copy.execute("SELECT COUNT(*) FROM t").fetchone() == (5,)
