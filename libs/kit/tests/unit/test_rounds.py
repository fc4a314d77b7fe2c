import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from bp_kit.rounds import come_round, often_at_first

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


async def test_it_waits_first_where_it_shall_and_rests_as_it_is_told():
    told = []

    async def act():
        told.append("act")
        if told.count("act") == 2:
            raise ValueError("enough")

    async def rest(seconds):
        told.append(seconds)

    with pytest.raises(ValueError, match="enough"):
        await come_round("it", act, timedelta(seconds=7), wait_first=True, rest=rest)
    assert told == [7, "act", 7, "act"]


async def test_after_a_failure_it_does_not_wait_long():
    rested = []

    async def act():
        if rested:
            raise ValueError("enough")
        raise FULL

    async def rest(seconds):
        rested.append(seconds)

    with pytest.raises(ValueError, match="enough"):
        await come_round("it", act, timedelta(days=1), rest=rest)
    assert rested == [60]


def test_often_at_first():
    pause = often_at_first((timedelta(1), timedelta(2)), timedelta(9))
    assert [pause().days for _ in range(4)] == [1, 2, 9, 9]
