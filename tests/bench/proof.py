"""What a proof costs as a log grows: finding a message's leaf, reading its hashes, and what appending pays for that.

    .venv/bin/python -m tests.bench.proof [--json FILE]

One log in SQLite grows to 10^3, 10^5 and 10^6 leaves; at each size leaves from all over it are proven, and each proof is checked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

from bluepacific.exchange.v1 import log_pb2
from bp_exchange.adapters.journal import SqlJournal
from bp_exchange.adapters.proving import SqlEvidence
from bp_exchange.protocol.proofs import plan_inclusion
from bp_kit.database import Database
from bp_kit.migrations import migrate
from bp_kit.ports import new_id
from bp_verify.merkle import includes, leaf_hash

SIZES = (1_000, 100_000, 1_000_000)
_NODE = "fji"
_BATCH = 5_000
_PROOFS = 40


def main() -> None:
    """Measures, and writes the table."""
    options = argparse.ArgumentParser(description="What a proof costs as a log grows.")
    options.add_argument("--json", type=Path, help="Write the figures here, too.")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(_measure(f"sqlite+aiosqlite:///{folder}/exchange.sqlite"))
    for row in rows:
        print(f"| {row['name']} | {row['unit']} | {row['min']:.3g} | {row['median']:.3g} | {row['max']:.3g} |")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


async def _measure(url: str) -> list[dict[str, object]]:
    await migrate("bp_exchange", url)
    database = Database(url)
    rows, before = [], 0
    for size in SIZES:
        appended = [await _append(database, begin, min(begin + _BATCH, size)) for begin in range(before, size, _BATCH)]
        before = size
        proven = [await _prove(database, number * size // _PROOFS, size) for number in range(_PROOFS)]
        rows += [
            _row(f"log of {size:,}: append a leaf, in batches", "µs", appended),
            _row(f"log of {size:,}: prove a leaf", "ms", [milliseconds for milliseconds, _ in proven]),
            _row(f"log of {size:,}: leaves and roots read for it", "rows", [float(read) for _, read in proven]),
        ]
    await database.aclose()
    return rows


def _row(name: str, unit: str, figures: list[float]) -> dict[str, object]:
    return {"name": name, "unit": unit, "min": min(figures), "median": statistics.median(figures), "max": max(figures)}


async def _append(database: Database, begin: int, end: int) -> float:
    """Returns microseconds a leaf."""
    entries = [
        log_pb2.LogEntry(
            event=log_pb2.LOG_EVENT_HEARD, envelope_id=_id(at), digest=bytes(32), recipient="countries/TON"
        )
        for at in range(begin, end)
    ]
    begun = time.perf_counter()
    async with database.write() as session:
        await (await SqlJournal.hold(session, _NODE, new_id)).append(entries)
    return (time.perf_counter() - begun) / (end - begin) * 1e6


async def _prove(database: Database, at: int, size: int) -> tuple[float, int]:
    """Returns milliseconds and rows read."""
    begun = time.perf_counter()
    async with database.read() as session:
        evidence = SqlEvidence(session, _NODE)
        _, edge = await evidence.head()
        ((position, entry),) = await evidence.entries(_id(at), size)
        path = await evidence.tree.hashes(plan_inclusion(position, size))
    spent = (time.perf_counter() - begun) * 1e3
    if not includes(edge.root(), size, position, leaf_hash(entry), path):
        raise AssertionError("the proof does not hold")
    return spent, evidence.tree.rows


def _id(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012x}"


if __name__ == "__main__":
    main()
