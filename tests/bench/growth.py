"""What a long history costs: an idle contact, and one new message, with 10^3, 10^5 and 10^6 envelopes sent and received before.

    .venv/bin/python -m tests.bench.growth [--sizes N ...] [--json FILE]

Two nodes as processes. While they are stopped, history is written into both databases (`tests/bench/history.py`). Aim: flat within 1.5.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.bench.history import write_histories
from tests.bench.link.contact import contacts
from tests.bench.link.contestant import until
from tests.bench.link.drain import reached
from tests.bench.link.measuring import Row, one
from tests.bench.link.pair import Pair
from tests.bench.link.payloads import messages
from tests.faults.proxy import FaultProxy

SIZES = (1_000, 100_000, 1_000_000)
_CONTACTS = 7
_MESSAGES = 60
_WARM_UP = 10
_LONGEST_SECONDS = 600


def main() -> None:
    """Measures, and writes the table."""
    options = argparse.ArgumentParser(description="What a long history costs.")
    options.add_argument("--json", type=Path, help="Write the figures here, too.")
    options.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bp-bench-") as folder:
        rows = asyncio.run(_measure(Path(folder), chosen.sizes))
    for row in rows:
        print(f"| {row['name']} | {row['unit']} | {row['min']:.4g} | {row['median']:.4g} | {row['max']:.4g} |")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


async def _measure(folder: Path, sizes: list[int]) -> list[Row]:
    rows: list[Row] = []
    written = 0
    for size in sizes:
        if written == 0:
            # Made and enrolled before anything is written.
            await _with_nodes(folder, _nothing)
        print(f"{size:,}: writing history", file=sys.stderr, flush=True)
        write_histories(folder, written, size)
        written = size
        print(f"{size:,}: measuring", file=sys.stderr, flush=True)
        rows += await _with_nodes(folder, lambda pair, link, size=size: _figures(pair, link, size))
        for row in rows[-4:]:
            print(f"  {row['name']}: {row['median']:.4g} {row['unit']}", file=sys.stderr, flush=True)
    return [*rows, *_growth(rows, sizes)]


async def _with_nodes(folder: Path, measure):  # type: ignore[no-untyped-def]
    pair = Pair(folder)
    async with FaultProxy(("127.0.0.1", pair.port)) as link:
        try:
            await pair.start(link.port)
            return await measure(pair, link)
        finally:
            await pair.stop()


async def _nothing(_pair: Pair, _link: FaultProxy) -> list[Row]:
    return []


async def _figures(pair: Pair, link: FaultProxy, size: int) -> list[Row]:
    before = await pair.arrived()
    took, carried = [], []
    for number, message in enumerate(messages(_MESSAGES + _WARM_UP, seed=f"growth-{size}"), 1):
        already = link.up.carried + link.down.carried
        begun = asyncio.get_running_loop().time()
        await pair.load([message])
        expected = before + number
        ended = await until(lambda expected=expected: reached(pair, expected), _LONGEST_SECONDS, pause=0.001)
        if number > _WARM_UP:
            took.append((ended - begun) * 1000)
            # Its receipt comes a moment later.
            await asyncio.sleep(0.15)
            carried.append(link.up.carried + link.down.carried - already)
    idle = await contacts(pair, link, _CONTACTS)
    name = f"after {size:,}"
    return [
        one(f"{name}: one new message, from the call to its acceptance at the centre", "ms", *took),
        one(f"{name}: one new message, bytes both ways, receipt included", "B", *carried),
        one(
            f"{name}: idle contact, from the connection until both have greeted",
            "ms",
            *(each.seconds * 1000 for each in idle),
        ),
        one(f"{name}: idle contact, bytes both ways", "B", *(each.out + each.back for each in idle)),
    ]


def _growth(rows: list[Row], sizes: list[int]) -> list[Row]:
    """Returns, for each figure, its median at the largest size over that at the smallest."""
    first, last = (f"after {size:,}: " for size in (sizes[0], sizes[-1]))
    medians = {row["name"]: row["median"] for row in rows}
    return [
        one(
            f"{sizes[-1]:,} over {sizes[0]:,}: {name.removeprefix(last)}",
            "ratio",
            median / medians[first + name.removeprefix(last)],
        )
        for name, median in medians.items()
        if name.startswith(last)
    ]


if __name__ == "__main__":
    main()
