"""What a long history costs: an idle contact, and one new message, with 10^3, 10^5 and 10^6 envelopes sent and received before.

    .venv/bin/python -m tests.bench.growth [--sizes N ...] [--json FILE]

Two nodes as processes. While they are stopped, history is written into both databases through the exchange's own adapters, 2,000
envelopes a transaction, by a process for each: at the country envelopes sent, each with its rung, its receipt and its leaves of the log; at
the centre the same envelopes received. Aim: flat within 1.5.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bluepacific.exchange.v1 import envelope_pb2, log_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.envelopes import SqlEnvelopes, SqlLadder, SqlReceipts
from bp_exchange.adapters.journal import SqlJournal
from bp_exchange.usecases.records import EnvelopeRecord, Role, Rung
from bp_kit.database import Database
from bp_kit.ports import new_id, system_clock
from tests.bench.link.contact import contacts
from tests.bench.link.contestant import until
from tests.bench.link.drain import reached
from tests.bench.link.measuring import Row, one
from tests.bench.link.pair import Pair
from tests.bench.link.payloads import messages
from tests.faults.proxy import FaultProxy

SIZES = (1_000, 100_000, 1_000_000)
_BATCH = 2_000
# As much as a message takes of the envelope that carries it, and a receipt.
_ENVELOPE_BYTES = 700
_RECEIPT_BYTES = 180
_CONTACTS = 7
_MESSAGES = 60
_WARM_UP = 10
_LONGEST_SECONDS = 600
_RECIPIENT = "countries/WSM/units/ncb"


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
        _write_histories(folder, written, size)
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


def _write_histories(folder: Path, begin: int, end: int) -> None:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        both = (("country", Role.SENT), ("centre", Role.RECEIVED))
        for done in [processes.submit(_write, folder / node, role, begin, end) for node, role in both]:
            done.result()


def _write(node: Path, role: Role, begin: int, end: int) -> None:
    asyncio.run(_write_history(node, role, begin, end))


async def _write_history(node: Path, role: Role, begin: int, end: int) -> None:
    database = Database(f"sqlite+aiosqlite:///{node}/data/exchange.sqlite")
    own = "fji" if role is Role.SENT else "wsm"
    for at in range(begin, end, _BATCH):
        numbers = range(at, min(at + _BATCH, end))
        async with database.write() as session:
            await SqlEnvelopes(session).add([_record(number, role) for number in numbers])
            await SqlLadder(session).add([_rung(number) for number in numbers])
            await SqlReceipts(session, system_clock).add([_receipt(number) for number in numbers])
            journal = await SqlJournal.hold(session, own, new_id)
            await journal.append([entry for number in numbers for entry in _entries(number, role)])
    await database.aclose()


def _id(number: int, kind: int = 7) -> str:
    return f"01900000-{number % 65536:04x}-{kind}000-8000-{number:012x}"


def _bytes(number: int, size: int) -> bytes:
    """Returns as many bytes that look random and differ from one envelope to the next, the same in both nodes."""
    return hashlib.shake_128(number.to_bytes(8)).digest(size)


def _moment(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)


def _record(number: int, role: Role) -> EnvelopeRecord:
    raw = _bytes(number, _ENVELOPE_BYTES)
    return EnvelopeRecord(
        envelope_id=_id(number),
        role=role,
        digest=hashlib.sha256(raw).digest(),
        message_digest=hashlib.sha256(raw).digest() if role is Role.SENT else None,
        raw=raw,
        sender_node="fji",
        topic="bluepacific.bench.v1.note.sent",
        receipts=role is Role.SENT,
        accept_time=_moment(number),
    )


def _rung(number: int) -> Rung:
    return Rung(_id(number), _RECIPIENT, "wsm", topics_pb2.DELIVERY_STATE_DELIVERED, _moment(number))


def _receipt(number: int) -> tuple[str, envelope_pb2.SignedReceipt]:
    body = _bytes(number, _RECEIPT_BYTES)
    receipt = envelope_pb2.SignedReceipt(
        receipt=body, node="wsm", signature=os.urandom(64), to_node="fji", receipt_id=_id(number, 4)
    )
    return _id(number), receipt


def _entries(number: int, role: Role) -> list[log_pb2.LogEntry]:
    events = (
        (log_pb2.LOG_EVENT_SENT, log_pb2.LOG_EVENT_HEARD)
        if role is Role.SENT
        else (log_pb2.LOG_EVENT_ACCEPTED, log_pb2.LOG_EVENT_STATED)
    )
    entries = [log_pb2.LogEntry(event=event, envelope_id=_id(number), digest=bytes(32)) for event in events]
    for entry in entries:
        entry.event_time.FromDatetime(_moment(number))
    return entries


if __name__ == "__main__":
    main()
