"""A contact with nothing to say: what it costs two nodes to find that out, from dialling until both have greeted."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.link.contestant import until
from tests.bench.link.drain import ROUND_TRIP_SECONDS
from tests.bench.link.measuring import Row, one
from tests.bench.link.pair import Pair
from tests.faults.proxy import FaultProxy

_RATE = 512_000
_CONTACTS = 5
_LONGEST_SECONDS = 120
# What is still said after both have greeted belongs to the contact: settings, windows, pings.
_AFTER_SECONDS = 4
_QUIET_SECONDS = 8
_ENDED_SECONDS = 2


@dataclass(frozen=True)
class Contact:
    """One contact: bytes each way, TLS included, and seconds until both had greeted."""

    out: int
    back: int
    seconds: float


async def contact() -> list[Row]:
    """Returns the rows of an idle contact."""
    with tempfile.TemporaryDirectory(prefix="bp-bench-") as folder:
        pair = Pair(Path(folder))
        async with FaultProxy(("127.0.0.1", pair.port)) as link:
            try:
                await pair.start(link.port)
                link.both(rate=_RATE, delay=ROUND_TRIP_SECONDS / 2)
                found = await contacts(pair, link, _CONTACTS)
            finally:
                await pair.stop()
    name = "contact with nothing to say"
    return [
        one(f"{name}: bytes out, TLS included", "B", *(each.out for each in found)),
        one(f"{name}: bytes back, TLS included", "B", *(each.back for each in found)),
        one(
            f"{name}: round trips until both have greeted, TCP's own included",
            "",
            *(each.seconds / ROUND_TRIP_SECONDS for each in found),
        ),
    ]


async def contacts(pair: Pair, link: FaultProxy, count: int) -> list[Contact]:
    """Returns that many idle contacts of two nodes that have told each other everything."""
    await until(lambda: _both_greeted(pair, ("", "")), _LONGEST_SECONDS)
    await _quiet(link)
    return [await _contact(pair, link) for _ in range(count)]


async def _contact(pair: Pair, link: FaultProxy) -> Contact:
    link.unplug()
    # What a link that ends still writes down is no greeting.
    await asyncio.sleep(_ENDED_SECONDS)
    before, greeted = (link.up.carried, link.down.carried), _greetings(pair)
    link.plug()
    begun = await link.contact()
    done = await until(lambda: _both_greeted(pair, greeted), _LONGEST_SECONDS, pause=0.005)
    await asyncio.sleep(_AFTER_SECONDS)
    return Contact(link.up.carried - before[0], link.down.carried - before[1], done - begun)


async def _quiet(link: FaultProxy) -> None:
    """Returns once nothing was said for a while: what the nodes' services tell each other at first is not what is measured."""
    said = -1
    while said != (said := link.up.carried + link.down.carried):  # noqa: ASYNC110 - silence is no event
        await asyncio.sleep(_QUIET_SECONDS)


async def _both_greeted(pair: Pair, before: tuple[str, str]) -> bool:
    return all(now > then for now, then in zip(_greetings(pair), before, strict=True))


def _greetings(pair: Pair) -> tuple[str, str]:
    """Returns when each node was last greeted by the other, as its database says."""
    return _greeted(pair.folder / "centre"), _greeted(pair.folder / "country")


def _greeted(node: Path) -> str:
    store = sqlite3.connect(f"file:{node}/data/exchange.sqlite?mode=ro", uri=True)
    try:
        (moment,) = store.execute("select coalesce(max(last_contact_time), '') from peer").fetchone()
        return str(moment)
    finally:
        store.close()
