"""Figures of the exchange alone: how soon what is urgent gets through, what a cut costs a file, how much a node takes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bp_kit.blobs import BlobStore
from tests.bench.link.contestant import until
from tests.bench.link.drain import ROUND_TRIP_SECONDS, flashed_at_least, reached
from tests.bench.link.measuring import Row, one
from tests.bench.link.pair import Pair
from tests.bench.link.payloads import messages
from tests.faults.proxy import FaultProxy

_THIN_BITS = 128_000
_RESETS = 0.02
_WATCHED_SECONDS = 180
_BETWEEN_FLASHES_SECONDS = 15
_FILE_BYTES = 20 * 1024 * 1024
_FILE_BITS = 512_000
_CUTS = 20
_TAKEN = 3000
_PACE, _PACED = 50, 500
_LONGEST_SECONDS = 3600


@asynccontextmanager
async def _linked() -> AsyncIterator[tuple[Pair, FaultProxy]]:
    """Two nodes that know each other, at full speed."""
    with tempfile.TemporaryDirectory(prefix="bp-bench-") as folder:
        pair = Pair(Path(folder))
        async with FaultProxy(("127.0.0.1", pair.port)) as link:
            try:
                await pair.start(link.port)
                await pair.load(list(messages(1)))
                await until(lambda: reached(pair, 1), _LONGEST_SECONDS)
                yield pair, link
            finally:
                await pair.stop()


async def first_flash(count: int) -> list[Row]:
    """How soon a FLASH arrives that was queued last of many, and others while the link drains with resets."""
    async with _linked() as (pair, link):
        link.unplug()
        await pair.load(list(messages(count)))
        await pair.flash(1)
        link.both(rate=_THIN_BITS, delay=ROUND_TRIP_SECONDS / 2, resets=_RESETS)
        before, cuts = link.up.carried, link.cuts
        link.plug()
        begun = await link.contact()
        first = await until(lambda: flashed_at_least(pair, 1), _LONGEST_SECONDS) - begun
        later = []
        while time.monotonic() - begun < _WATCHED_SECONDS:
            await asyncio.sleep(_BETWEEN_FLASHES_SECONDS)
            sent = time.monotonic()
            await pair.flash(len(later) + 2)
            expected = len(later) + 2
            later.append(await until(lambda: flashed_at_least(pair, expected), _LONGEST_SECONDS) - sent)  # noqa: B023 - awaited at once
        used = (link.up.carried - before) * 8 / _THIN_BITS / (time.monotonic() - begun)
        cuts = link.cuts - cuts
    name = f"{count:,} queued, 128 kbit/s, 2 % resets"
    return [
        one(f"{name}: first FLASH had arrived after the first connection", "s", first),
        one(f"{name}: FLASHes sent while it drained, one each {_BETWEEN_FLASHES_SECONDS} s", "s", *later),
        one(f"{name}: cuts in the {_WATCHED_SECONDS} s watched", "", cuts),
        one(f"{name}: share of the link used, cuts and new connections included", "ratio", used),
    ]


async def cut_file() -> list[Row]:
    """What cuts cost a file, and the memory of both nodes."""
    async with _linked() as (pair, link):
        assert pair.country
        assert pair.centre
        nodes = (pair.country, pair.centre)
        idle = [node.resident() for node in nodes]
        path = pair.folder / "file"
        await asyncio.to_thread(lambda: path.write_bytes(os.urandom(_FILE_BYTES)))
        link.both(rate=_FILE_BITS, delay=ROUND_TRIP_SECONDS / 2)
        before, cuts = link.up.carried, link.cuts
        link.up.cut_after([_FILE_BYTES // (_CUTS + 1)] * _CUTS)
        answer = await pair.country.ask("file", str(path))
        store = BlobStore(pair.folder / "centre" / "blobs")
        most = list(idle)

        async def here() -> bool:
            most[:] = [max(highest, node.resident()) for highest, node in zip(most, nodes, strict=True)]
            return await store.has(str(answer["digest"]))

        await until(here, _LONGEST_SECONDS, pause=0.1)
        over, cuts = link.up.carried - before - _FILE_BYTES, link.cuts - cuts
    name = f"20 MiB file over 512 kbit/s, cut {cuts} times"
    return [
        one(f"{name}: bytes carried beyond the file's, all overheads, a cut", "KiB", over / 1024 / max(1, cuts)),
        one(f"{name}: most memory over idle, sender", "MiB", most[0] - idle[0]),
        one(f"{name}: most memory over idle, receiver", "MiB", most[1] - idle[1]),
    ]


async def accept() -> list[Row]:
    """How many messages a node takes, and how long one is on its way, over a link that is no hindrance."""
    async with _linked() as (pair, link):
        assert pair.country
        link.unplug()
        await pair.load(list(messages(_TAKEN)))
        link.plug()
        begun = await until(lambda: reached(pair, 2), _LONGEST_SECONDS)
        ended = await until(lambda: reached(pair, _TAKEN + 1), _LONGEST_SECONDS)
        rate = (_TAKEN - 1) / (ended - begun)
        answer = await pair.country.ask("pace", str(_PACE), str(_PACED), str(pair.folder / "messages.hex"))
        await until(lambda: reached(pair, _TAKEN + 1 + _PACED), _LONGEST_SECONDS)
        moments: list[tuple[str, float]] = answer["moments"]  # type: ignore[assignment] # so it answers
        took = await asyncio.to_thread(_on_their_way, pair.folder / "centre", moments)
    ranked = sorted(took)
    share: Callable[[float], float] = lambda part: ranked[min(len(ranked) - 1, int(part * len(ranked)))] * 1000  # noqa: E731
    return [
        one("accepted and stored at the centre, the sending node on the same cores", "1/s", rate),
        one(f"at {_PACE}/s: from the service's call to its acceptance at the centre, median", "ms", share(0.5)),
        one(f"at {_PACE}/s: the same, 99th percentile", "ms", share(0.99)),
    ]


def _on_their_way(node: Path, moments: list[tuple[str, float]]) -> list[float]:
    """Returns seconds from each call to the moment of acceptance that the centre keeps."""
    store = sqlite3.connect(f"file:{node}/data/exchange.sqlite?mode=ro", uri=True)
    accepted = dict(store.execute("select envelope_id, accept_time from envelope where role = 'RECEIVED'"))
    store.close()
    return [_seconds(accepted[name]) - called for name, called in moments]


def _seconds(stamp: str) -> float:
    moment = datetime.fromisoformat(stamp)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
