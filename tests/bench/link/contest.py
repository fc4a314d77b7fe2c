"""The exchange beside what it is compared with: the same messages, the same link, the same run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.link.contestant import Contestant
from tests.bench.link.drain import Drained, GivenUpError, drain
from tests.bench.link.https import Https
from tests.bench.link.measuring import Row, one
from tests.bench.link.nats import Nats
from tests.bench.link.pair import Pair
from tests.bench.link.payloads import messages

RATES = (128, 512, 2000)
# A PUT for each message takes more than a round trip each: fewer tell as much.
_FEWER = 200
_SINGLE = "HTTPS, a PUT for a message"
# From here on the nodes need the processor, so that contestants take turns; slower links leave it idle.
IN_TURNS_KBIT = 1000

Make = Callable[[Path], Contestant]
CONTESTANTS: dict[str, Make] = {
    "exchange": Pair,
    "https": lambda folder: Https(folder, batch=1, compressed=False),
    "https-50": lambda folder: Https(folder, batch=50, compressed=False),
    "https-50-gzip": lambda folder: Https(folder, batch=50, compressed=True),
    "nats": lambda folder: Nats(folder, sealed=False, compressed=True),
    "nats-plain": lambda folder: Nats(folder, sealed=False, compressed=False),
    "nats-sealed": lambda folder: Nats(folder, sealed=True, compressed=False),
}


async def compare(kbit: int, count: int, key: str) -> list[Row]:
    """Returns the rows of one contestant at one rate."""
    with tempfile.TemporaryDirectory(prefix="bp-bench-") as folder:
        contestant = CONTESTANTS[key](Path(folder))
        wanted = min(count, _FEWER) if contestant.name == _SINGLE else count
        try:
            drained = await drain(contestant, list(messages(wanted + 1)), kbit)
        except GivenUpError as given_up:
            name = f"{_told(kbit)}: {contestant.name}: given up after {given_up.seconds:.0f} s, share that had arrived"
            return [one(name, "ratio", given_up.share)]
        return _rows(f"{_told(kbit)}: {contestant.name}", drained, wanted, kbit)


def _rows(name: str, drained: Drained, count: int, kbit: int) -> list[Row]:
    overall = drained.out * 8 / (kbit * 1000) / drained.seconds
    return [
        one(f"{name}: until all {count:,} had arrived", "s", drained.seconds),
        one(f"{name}: until a FLASH sent in the middle had", "s", drained.flash_seconds),
        one(f"{name}: bytes out per useful byte", "ratio", drained.out / drained.useful),
        one(f"{name}: bytes back per useful byte", "ratio", drained.back / drained.useful),
        one(f"{name}: share of the link used while draining", "ratio", drained.used),
        one(f"{name}: the same, with connecting and the last acknowledgement", "ratio", overall),
    ]


def _told(kbit: int) -> str:
    return f"{kbit / 1000:g} Mbit/s" if kbit >= 1000 else f"{kbit} kbit/s"
