from alembic import command
from alembic.util import CommandError

from bp_kit.migrations import config_for


async def test_the_migrations_make_exactly_the_tables(fji):
    import asyncio

    url = fji.under_test.service.database.url
    config = config_for("bp_cooperation", url)
    try:
        await asyncio.to_thread(command.check, config)
    except CommandError as error:
        raise AssertionError(str(error)) from error
