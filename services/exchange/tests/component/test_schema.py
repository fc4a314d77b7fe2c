import asyncio

from alembic import command
from alembic.util import CommandError

from bp_kit.migrations import config_for


async def test_the_migrations_make_exactly_the_tables(fji):
    config = config_for("bp_exchange", fji.service.database.url)
    try:
        await asyncio.to_thread(command.check, config)
    except CommandError as error:
        raise AssertionError(str(error)) from error
