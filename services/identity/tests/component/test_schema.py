import asyncio

from alembic import command
from alembic.util import CommandError

from bp_kit.migrations import config_for


async def test_the_migrations_make_exactly_the_tables(open_station):
    async with open_station(seeds=(), workers=False) as station:
        config = config_for("bp_identity", station.under_test.service.database.url)
        try:
            await asyncio.to_thread(command.check, config)
        except CommandError as error:
            raise AssertionError(str(error)) from error


async def test_the_migrations_go_back_and_forth(open_station):
    async with open_station(seeds=(), workers=False) as station:
        config = config_for("bp_identity", station.under_test.service.database.url)
        for step, target in ((command.downgrade, "base"), (command.upgrade, "head")):
            await asyncio.to_thread(step, config, target)
        await asyncio.to_thread(command.check, config)
