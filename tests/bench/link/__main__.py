"""The exchange over links that hardly work, beside what else there is, and EXCHANGE's other figures.

    .venv/bin/python -m tests.bench.link [--help]

Rows are kept in .cache/bench-link.json as they are measured: a run that was interrupted goes on where it was, `--anew` begins again.
All of it takes about an hour, most of it waiting for a link of 128 kbit/s; `--main`, what the table in EXCHANGE names, ten minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench.link.contact import contact
from tests.bench.link.contest import CONTESTANTS, IN_TURNS_KBIT, RATES, compare
from tests.bench.link.figures import accept, cut_file, first_flash
from tests.bench.link.hostile import hostile
from tests.bench.link.measuring import Book, Row, one
from tests.bench.link.payloads import ratios


@dataclass(frozen=True)
class Measurement:
    """How to get some rows, and whether the processor must be theirs alone meanwhile."""

    measure: Callable[[], Awaitable[list[Row]]]
    alone: bool = True


_BOOK = Path(__file__).resolve().parents[3] / ".cache" / "bench-link.json"
_MESSAGES = 5000
_MAIN = (
    "messages",
    "drain-128-exchange",
    *(f"drain-512-{key}" for key in ("exchange", "nats", "nats-sealed", "https-50-gzip")),
    "drain-2000-exchange",
    "contact",
    "accept",
)


def main() -> None:
    """Measures, and writes the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", type=Path, help="Write the figures here, too.")
    options.add_argument("--only", nargs="+", default=[], help="These measurements alone.")
    options.add_argument("--main", action="store_true", help=f"The same as --only {' '.join(_MAIN)}.")
    options.add_argument("--messages", type=int, default=_MESSAGES)
    options.add_argument("--rates", type=int, nargs="+", default=RATES, help="In kbit/s.")
    options.add_argument("--contestants", nargs="+", default=list(CONTESTANTS), choices=CONTESTANTS)
    options.add_argument("--at-once", type=int, default=len(CONTESTANTS), help="Thin links beside each other.")
    options.add_argument("--book", type=Path, default=_BOOK, help="Where rows are kept while it runs.")
    options.add_argument("--anew", action="store_true", help="Measure again what was kept.")
    chosen = options.parse_args()
    book, measurements = Book(chosen.book, anew=chosen.anew), _measurements(chosen)
    only = [*chosen.only, *(_MAIN if chosen.main else ())]
    wanted = {name: each for name, each in measurements.items() if not only or name in only}
    asyncio.run(_run(book, wanted, at_once=chosen.at_once))
    if chosen.json:
        chosen.json.write_text(json.dumps(book.rows(list(measurements)), indent=1) + "\n", encoding="utf-8")


def _measurements(chosen: argparse.Namespace) -> dict[str, Measurement]:
    found = {"messages": Measurement(partial(_messages, chosen.messages), alone=False)}
    for kbit in chosen.rates:
        for key in chosen.contestants:
            alone = kbit >= IN_TURNS_KBIT or key == "exchange"
            found[f"drain-{kbit}-{key}"] = Measurement(partial(compare, kbit, chosen.messages, key), alone=alone)
    return found | {
        "flash": Measurement(partial(first_flash, 2 * chosen.messages), alone=False),
        "file": Measurement(cut_file, alone=False),
        "contact": Measurement(contact),
        "accept": Measurement(accept),
        "hostile": Measurement(hostile),
    }


async def _run(book: Book, wanted: dict[str, Measurement], at_once: int) -> None:
    """Those that mostly wait for a thin link run beside each other; then the others in turns."""
    room = asyncio.Semaphore(at_once)

    async def waiting(name: str, measurement: Measurement) -> None:
        async with room:
            await book.measure(name, measurement.measure)

    await asyncio.gather(*(waiting(name, each) for name, each in wanted.items() if not each.alone))
    for name, each in wanted.items():
        if each.alone:
            await book.measure(name, each.measure)


async def _messages(count: int) -> list[Row]:
    return [
        one(f"messages: {name}", "B" if "bytes" in name else "ratio", found) for name, found in ratios(count).items()
    ]


if __name__ == "__main__":
    main()
