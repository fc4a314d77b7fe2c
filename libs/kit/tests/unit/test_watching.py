import asyncio

import pytest

from bp_kit.rpc.watching import while_admitted


class Gone(Exception):  # noqa: N818 - what a look raises
    pass


async def admitted():
    pass


async def gone():
    raise Gone


async def test_all_that_comes_is_given():
    async def some():
        for number in range(5):
            await asyncio.sleep(0)
            yield number

    assert [one async for one in while_admitted(some(), admitted, 0)] == [0, 1, 2, 3, 4]


async def test_who_may_no_longer_listen_is_let_go_in_silence():
    let_go = asyncio.Event()

    async def nothing():
        try:
            await asyncio.Event().wait()
            yield
        finally:
            let_go.set()

    with pytest.raises(Gone):
        await anext(while_admitted(nothing(), gone, 0.001))
    assert let_go.is_set()


async def test_who_may_no_longer_listen_is_let_go_in_a_flood():
    async def flood():
        while True:
            yield "drop"

    async def listen():
        async for _ in while_admitted(flood(), gone, 0.001):
            await asyncio.sleep(0)

    with pytest.raises(Gone):
        await asyncio.wait_for(listen(), 60)


async def test_whoever_leaves_frees_what_was_held():
    let_go = asyncio.Event()

    async def one_then_nothing():
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            let_go.set()

    responses = one_then_nothing()
    listening = while_admitted(responses, admitted)
    assert await anext(listening) == "first"
    waiting = asyncio.ensure_future(anext(listening))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert let_go.is_set()


async def test_what_fails_fails_here():
    async def broken():
        yield 1
        raise Gone

    listening = while_admitted(broken(), admitted)
    assert await anext(listening) == 1
    with pytest.raises(Gone):
        await anext(listening)
