"""Drains a queue of messages over a thin link, with one contestant: what it took, and when an urgent message got through."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from tests.bench.link.contestant import Contestant, until
from tests.faults.proxy import FaultProxy

ROUND_TRIP_SECONDS = 0.6
# Given up when it takes so much longer than the messages would as they are, or stands still for so long.
_PATIENCE = 3
_PATIENCE_SECONDS = 300
_STILL_SECONDS = 90
_ACQUAINTED_SECONDS = 600


@dataclass(frozen=True)
class Drained:
    """What draining took; times are in seconds since the link's first connection, sizes in bytes on the wire, TLS included.

    Attributes:
        seconds: Until everything had arrived.
        flash_seconds: From the sending of an urgent message, when half had arrived, until it had.
        out: Carried from the country to the centre.
        back: Carried the other way.
        useful: The messages themselves.
        used: The link's share that was used between the first arrivals and the last.
    """

    seconds: float
    flash_seconds: float
    out: int
    back: int
    useful: int
    used: float


class GivenUpError(Exception):
    """Not everything arrived in time.

    Args:
        seconds: How long it was waited for.
        share: How much of it had arrived.
    """

    def __init__(self, seconds: float, share: float) -> None:
        super().__init__(f"{share:.0%} after {seconds:.0f} s")
        self.seconds = seconds
        self.share = share


async def drain(contestant: Contestant, messages: list[bytes], kbit: float) -> Drained:
    """Queues all messages while the link is down, plugs it in, and watches.

    Raises:
        GivenUpError: It does not come to an end.
    """
    async with FaultProxy(("127.0.0.1", contestant.port)) as link:
        try:
            await contestant.start(link.port)
            # Once at full speed: everybody knows the other before it counts.
            await contestant.load(messages[:1])
            await until(lambda: reached(contestant, 1), _ACQUAINTED_SECONDS)
            before = link.up.carried, link.down.carried
            patience = _PATIENCE_SECONDS + _PATIENCE * sum(map(len, messages)) * 8 / (kbit * 1000)
            begun = await _plug(contestant, messages[1:], link, kbit)
            try:
                async with asyncio.timeout(patience), asyncio.TaskGroup() as tasks:
                    watch = tasks.create_task(_notice_stillness(contestant))
                    first = await until(lambda: reached(contestant, 2), patience)
                    out_at_first = link.up.carried
                    asked = await until(lambda: reached(contestant, 1 + len(messages) // 2), patience)
                    await contestant.flash(1)
                    flashed = await until(lambda: flashed_at_least(contestant, 1), patience)
                    done = await until(lambda: reached(contestant, len(messages)), patience)
                    watch.cancel()
                    return Drained(
                        seconds=done - begun,
                        flash_seconds=flashed - asked,
                        out=link.up.carried - before[0],
                        back=link.down.carried - before[1],
                        useful=sum(map(len, messages[1:])),
                        used=(link.up.carried - out_at_first) * 8 / (kbit * 1000) / (done - first),
                    )
            except* TimeoutError:
                share = await contestant.arrived() / len(messages)
                raise GivenUpError(time.monotonic() - begun, share) from None
        finally:
            await contestant.stop()


async def _notice_stillness(contestant: Contestant) -> None:
    """Raises TimeoutError: nothing has arrived for long."""
    arrived, since = -1, time.monotonic()
    while time.monotonic() - since < _STILL_SECONDS:
        if arrived != (arrived := await contestant.arrived()):
            since = time.monotonic()
        await asyncio.sleep(1)
    raise TimeoutError


async def _plug(contestant: Contestant, messages: list[bytes], link: FaultProxy, kbit: float) -> float:
    """Returns when draining began: at the first connection of a link that was down while everything was queued."""
    thin = {"rate": kbit * 1000, "delay": ROUND_TRIP_SECONDS / 2}
    if contestant.stays_connected:
        link.both(**thin)
        begun = time.monotonic()
        await contestant.load(messages)
        return begun
    link.unplug()
    await contestant.load(messages)
    link.both(**thin)
    link.plug()
    return await link.contact()


async def reached(contestant: Contestant, count: int) -> bool:
    """Tells whether that many messages are safely at the centre."""
    return await contestant.arrived() >= count


async def flashed_at_least(contestant: Contestant, count: int) -> bool:
    """Tells whether that many urgent messages are."""
    return await contestant.flashes() >= count
