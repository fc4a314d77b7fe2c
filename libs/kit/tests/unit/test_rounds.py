import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from bp_kit.rounds import come_round

FULL = OperationalError("INSERT", {}, OSError("database or disk is full"))


@pytest.mark.parametrize("error", [FULL, OSError("no space left")])
async def test_what_fails_is_done_the_next_time(error):
    done, failing = asyncio.Event(), [error, error]

    async def act():
        if failing:
            raise failing.pop()
        done.set()

    running = asyncio.create_task(come_round("it", act, lambda: timedelta(0)))
    async with asyncio.timeout(60):
        await done.wait()
    assert not running.done()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_a_mistake_is_not_hidden():
    async def act():
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        await come_round("it", act, lambda: timedelta(0))
