import asyncio
import sqlite3
from contextlib import closing

from alembic import command
from alembic.util import CommandError

from bp_kit.migrations import config_for


async def test_the_migrations_make_exactly_the_tables(fji):
    url = fji.under_test.service.database.url
    config = config_for("bp_cooperation", url)
    try:
        await asyncio.to_thread(command.check, config)
    except CommandError as error:
        raise AssertionError(str(error)) from error


def test_a_release_that_knows_no_operations_shows_nothing_of_them(tmp_path):
    file = tmp_path / "cooperation.sqlite"
    config = config_for("bp_cooperation", f"sqlite+aiosqlite:///{file}")
    command.upgrade(config, "head")
    with closing(sqlite3.connect(file)) as database:
        rows = [
            ("countries/FJI/units/ncb", "its", "countries/FJI/operations/x"),
            ("countries/FJI/units/ncb", "open", ""),
        ]
        database.executemany("INSERT INTO audience (unit, record, operation) VALUES (?, ?, ?)", rows)
        database.commit()
        command.downgrade(config, "0004")
        assert database.execute("SELECT record FROM audience").fetchall() == [("open",)]
    command.upgrade(config, "head")
