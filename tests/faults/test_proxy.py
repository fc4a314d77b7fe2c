"""The fault proxy itself: ratios and counts, no timings of this machine."""

import asyncio
import contextlib
import sys

import pytest

from tests.faults.proxy import FaultProxy
from tests.faults.proxy.__main__ import obey

SIZE = 400_000


@contextlib.asynccontextmanager
async def echoing():
    """A server that sends back what it gets, until its client ends."""

    async def echo(reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()


@pytest.fixture
async def proxy():
    async with asyncio.timeout(240), echoing() as there, FaultProxy(there, seed=7) as made:
        yield made


@contextlib.asynccontextmanager
async def dialled(proxy):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def echoed(proxy, size=SIZE):
    """Sends bytes through it and returns those that come back until the end."""
    data = bytes(at % 251 for at in range(size))
    async with dialled(proxy) as (reader, writer), asyncio.TaskGroup() as tasks:
        back = tasks.create_task(reader.read(-1))
        writer.write(data)
        writer.write_eof()
        assert await back == data


async def took(proxy, size, way):
    """Seconds that a size took, counted between two moments at which the narrow place was busy."""
    loop = asyncio.get_running_loop()
    async with dialled(proxy) as (reader, writer):
        writer.write(bytes(2 * size))
        draining = asyncio.create_task(drained(reader))
        await way.carrying(size // 4)
        begun, carried = loop.time(), way.carried
        await way.carrying(size)
        seconds, passed = loop.time() - begun, way.carried - carried
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)
    return seconds, passed


async def drained(reader):
    while await reader.read(65536):
        pass


async def test_what_goes_in_comes_out_and_is_counted_each_way(proxy):
    await echoed(proxy)
    assert (proxy.up.carried, proxy.down.carried) == (SIZE, SIZE)
    assert (proxy.accepted, proxy.cuts) == (1, 0)


@pytest.mark.parametrize(("rate", "size"), [(64_000, 16_000), (2_000_000, 500_000), (50_000_000, 12_500_000)])
async def test_a_narrow_place_carries_its_rate(proxy, rate, size):
    proxy.up.rate = rate
    # A machine that is busy elsewhere may leave the narrow place idle, so it has several tries; it is never faster.
    for _ in range(5):
        seconds, passed = await took(proxy, size, proxy.up)
        # Bytes are counted as they are put before the narrow place, by the piece.
        off = (seconds * rate / 8 - passed) / passed
        within = 0.01 + 2 * proxy.up.piece / passed
        assert off > -within
        if off < within:
            return
    raise AssertionError(f"{off:.1%} slower than its rate")


async def test_two_connections_share_a_way(proxy):
    proxy.up.rate = 4_000_000
    async with asyncio.TaskGroup() as tasks:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for _ in range(2):
            tasks.create_task(echoed(proxy, SIZE // 2))
    assert loop.time() - begun >= 0.95 * SIZE * 8 / proxy.up.rate


async def test_each_way_has_its_own_delay(proxy):
    proxy.up.delay, proxy.down.delay = 0.2, 0.1
    loop = asyncio.get_running_loop()
    async with dialled(proxy) as (reader, writer):
        begun = loop.time()
        for rounds in (2, 3):
            writer.write(b"?")
            await reader.readexactly(1)
            # The handshake was one of them.
            assert loop.time() - begun >= 0.99 * 0.3 * rounds


async def test_the_same_seed_resets_at_the_same_places():
    places = []
    for _ in range(2):
        async with asyncio.timeout(60), echoing() as there, FaultProxy(there, seed=11) as proxy:
            proxy.up.resets, proxy.up.rate = 0.2, 8_000_000
            while proxy.cuts == 0:
                with contextlib.suppress(OSError, ExceptionGroup):
                    await echoed(proxy)
            assert proxy.cuts == 1
            places.append(proxy.up.carried // proxy.up.chunk)
    assert places[0] == pytest.approx(places[1], abs=1)


async def test_cuts_come_when_they_were_scheduled(proxy):
    proxy.up.cut_after([100_000, 150_000])
    for cuts, carried in ((1, 100_000), (2, 250_000)):
        with pytest.raises((OSError, ExceptionGroup)):
            await echoed(proxy)
        assert proxy.cuts == cuts
        assert carried <= proxy.up.carried < carried + 2 * 65536
    await echoed(proxy)
    assert proxy.cuts == 2


@pytest.mark.parametrize("way", ["up", "down"])
async def test_a_held_way_keeps_the_connection_and_passes_nothing(proxy, way):
    held = getattr(proxy, way)
    async with dialled(proxy) as (reader, writer):
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        held.hold()
        before = held.carried
        writer.write(b"b" * 1000)
        back = asyncio.create_task(reader.readexactly(1000))
        # What is not held carries; what is held does not, however often the loop turns.
        if way == "down":
            await proxy.up.carrying(1000)
        for _ in range(100):
            await asyncio.sleep(0)
        assert (back.done(), held.carried) == (False, before)
        held.release()
        assert await back == b"b" * 1000
    assert proxy.cuts == 0


async def test_unplugged_it_refuses_and_plugged_it_serves_at_the_same_port(proxy):
    async with dialled(proxy) as (reader, writer):
        writer.write(b"a")
        await reader.readexactly(1)
        proxy.unplug()
        with pytest.raises(OSError, match="reset"):
            await reader.readexactly(1)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.plug()
    assert proxy.first_contact is None
    await echoed(proxy)
    assert await proxy.contact() == proxy.first_contact


async def test_who_takes_nothing_slows_its_sender_down(proxy):
    async with dialled(proxy) as (_, writer):
        writer.write(bytes(64 * 1024 * 1024))
        await proxy.up.carrying(1)
        turns = -1
        while turns != proxy.up.carried:
            turns = proxy.up.carried
            await asyncio.sleep(0.5)  # nothing tells that nothing more happens
        assert proxy.up.carried < 16 * 1024 * 1024


async def test_an_upstream_that_is_not_there_resets(proxy):
    proxy.upstream = ("127.0.0.1", 1)
    with pytest.raises((OSError, ExceptionGroup)):
        await echoed(proxy, 1)


async def test_people_change_it_by_words(proxy):
    obey(proxy, "rate 128k")
    obey(proxy, "up delay 300ms")
    obey(proxy, "down resets 0.5")
    assert (proxy.up.rate, proxy.down.rate) == (128_000, 128_000)
    assert (proxy.up.delay, proxy.down.delay) == (0.3, 0)
    assert (proxy.up.resets, proxy.down.resets) == (0, 0.5)
    assert "held" in obey(proxy, "up hold")
    assert "held" not in obey(proxy, "release")
    for nonsense in ("", "rate", "rate 5x", "up cut", "resets 2", "resets x", "delay -1"):
        with pytest.raises(ValueError, match=r".*"):
            obey(proxy, nonsense)


async def test_the_command_carries_and_obeys():
    async with asyncio.timeout(240), echoing() as (host, port):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.proxy", f"{host}:{port}", "--delay", "10ms"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        told = (await process.stdout.readline()).decode()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(told.split(" ")[0].rpartition(":")[2]))
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        process.stdin.write(b"show\ncut\n")
        assert b"5 bytes" in await process.stdout.readline()
        with pytest.raises(OSError, match="reset"):
            await reader.readexactly(1)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        process.stdin.write(b"quit\n")
        assert await process.wait() == 0
        process.stdin.close()
