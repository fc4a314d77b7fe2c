"""What the exchange does on this machine: envelopes accepted, bytes on the wire, time from outbox to inbox.

    .venv/bin/python -m tests.bench.exchange [--rounds N] [--json FILE]

Three real exchanges (centre and two countries) in one process, each with its own SQLite database (WAL, synchronous=FULL), linked by mutual
TLS on loopback. Messages look like real ones: JSON of about 2 kB with ids, names and positions that do not repeat. Aim: at least 200
envelopes/s verified, opened, stored and logged on one node, 99 of 100 within 250 ms: measured with 200 that arrive each second, whatever
became of those before; Fiji's node stands still meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import logging
import os
import random
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

import structlog
import uvloop

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.training.v1 import events_pb2
from bp_exchange.protocol.envelope import seal
from bp_exchange.workers.link import Link
from bp_kit.database import Database
from bp_kit.inbox import Subscriber
from bp_kit.outbox import Outbox, OutboxRelay
from bp_kit.testing.databases import fresh_database

sys.path.insert(0, str(Path(__file__).parents[2] / "services" / "exchange" / "tests"))
from cable import DOWN, UP
from net import Network, message

ROUNDS = 5
_ACCEPTED = 640
_PER_SECOND = 200
# Ten times what is needed on a busy machine.
_LONGEST_SECONDS = 120.0
_CARRIED = 150
_TIMED = 40
_ROWS = (
    ("envelopes accepted by one node (verify, open, store, log)", "1/s"),
    (f"{_PER_SECOND} envelopes/s: from arrival to acknowledgement, which is after the commit, median", "ms"),
    (f"{_PER_SECOND} envelopes/s: the same, 99th percentile", "ms"),
    ("bytes to the receiver per byte of message, alone", "ratio"),
    ("bytes both ways per byte of message, receipts included", "ratio"),
    ("outbox to inbox through the centre, median of a round", "ms"),
    ("outbox to inbox through the centre, 95th percentile", "ms"),
)


def main() -> None:
    """Measures, and writes the table."""
    options = argparse.ArgumentParser(description="What the exchange does.")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--json", type=Path, help="Write the figures here, too.")
    chosen = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rounds = [runner.run(_round(number, chosen.rounds)) for number in range(1, chosen.rounds + 1)]
    rows = [
        {"name": name, "unit": unit, "min": min(figures), "median": statistics.median(figures), "max": max(figures)}
        for (name, unit), figures in zip(_ROWS, zip(*rounds, strict=True), strict=True)
    ]
    print("| exchange | unit | min | median | max |")
    print("|---|---|---:|---:|---:|")
    for row in rows:
        print(f"| {row['name']} | {row['unit']} | {row['min']:.2f} | {row['median']:.2f} | {row['max']:.2f} |")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


async def _round(number: int, rounds: int) -> tuple[float, ...]:
    """Returns a round's figures in the order of `_ROWS`."""
    print(f"round {number} of {rounds}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="bp-bench-") as place:
        async with Network(Path(place)) as network:
            at_once, paced = _sealed(network, number), _sealed(network, rounds + number)
            # What it would do with the receipts is a third machine's work.
            await network.fji.stop()
            accepted, _ = await _accept(network, at_once)
            _, delays = await _accept(network, paced, per_second=_PER_SECOND)
            await network.fji.start()
            await network.linked("fji")
            middle, late = statistics.median(delays), statistics.quantiles(delays, n=100)[-1]
            alone, both = await _carry(network, number)
            median, slow = await _time(network)
    return accepted, middle, late, alone, both, median, slow


async def _accept(
    network: Network, items: list[link_service_pb2.Item], per_second: int | None = None
) -> tuple[float, list[float]]:
    """Gives Tonga envelopes from Fiji, as its link does, until all are acknowledged; returns how many a second, and ms of each.

    Raises:
        RuntimeError: One is refused, or not acknowledged.
    """
    cable = _Cable(items, per_second)
    begun = time.perf_counter()
    running = asyncio.create_task(Link(network.ton.exchange.house, "ptccc", cable).run())
    await asyncio.wait([running, cable.done], return_when=asyncio.FIRST_COMPLETED, timeout=_LONGEST_SECONDS)
    taken = time.perf_counter() - begun
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    if not cable.done.done():
        raise RuntimeError(f"{len(cable.took)} of {_ACCEPTED} acknowledged, and nothing more")
    cable.done.result()
    return _ACCEPTED / taken, list(cable.took.values())


class _Cable:
    """The peer's end: it greets, gives the items, as soon as they are taken or so many a second, and notes when each is acknowledged."""

    def __init__(self, items: list[link_service_pb2.Item], per_second: int | None) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.took: dict[int, float] = {}
        self._given = iter(items)
        self._pause = 1 / per_second if per_second else 0.0
        # When each was due: one that waits to be read waits already.
        self._due: dict[int, float] = {}
        self._begun: float | None = None

    async def read(self) -> link_service_pb2.Frame | None:
        if self._begun is None:
            self._begun = time.perf_counter()
            return link_service_pb2.Frame(hello=link_service_pb2.Hello(node_id="ptccc", version=1))
        item = next(self._given, None)
        if item is None:
            await asyncio.Event().wait()
            return None
        due = self._begun + self._pause * len(self._due)
        await asyncio.sleep(due - time.perf_counter())
        self._due[item.position] = due
        return link_service_pb2.Frame(item=item)

    async def write(self, frame: link_service_pb2.Frame) -> None:
        if frame.ack.refused and not self.done.done():
            self.done.set_exception(RuntimeError(f"refused: {frame.ack.refused[0].ground}"))
        now = time.perf_counter()
        self.took |= {at: (now - self._due[at]) * 1000 for at in frame.ack.stored}
        if len(self.took) == _ACCEPTED and not self.done.done():
            self.done.set_result(None)


def _sealed(network: Network, seed: int) -> list[link_service_pb2.Item]:
    fiji, tonga = network.fji.exchange.house, network.ton.exchange.house
    nodes = [("ton", tonga.keys.sealing.public_bytes())]
    items = []
    for at in range(_ACCEPTED):
        header = envelope_pb2.EnvelopeHeader(
            envelope_id=str(uuid.uuid4()),
            incarnation=str(uuid.uuid4()),
            sequence=at + 1,
            author="countries/FJI/units/ncb",
            recipients=["countries/TON/units/ncb"],
            topic="bluepacific.bench.v1.note.sent",
            urgency=handling_pb2.URGENCY_ROUTINE,
            conversation=f"countries/FJI/requests/{at % 50}",
        )
        content = envelope_pb2.Content(payload=_note(random.Random(seed * 10_000 + at)))
        raw = seal(header, content, keys=fiji.keys, nodes=nodes, random=os.urandom)
        items.append(link_service_pb2.Item(position=at + 1, envelope=raw))
    return items


def _note(made: random.Random) -> bytes:
    """A STIX-like record of about 2 kB; ids and words differ from one to the next."""
    words = [hashlib.sha256(str(made.random()).encode()).hexdigest()[: made.randint(3, 9)] for _ in range(120)]
    record = {
        "type": "bundle",
        "id": f"bundle--{uuid.UUID(int=made.getrandbits(128))}",
        "objects": [
            {
                "type": "observed-data",
                "spec_version": "2.1",
                "id": f"observed-data--{uuid.UUID(int=made.getrandbits(128))}",
                "created": "2026-05-04T10:00:00.000Z",
                "number_observed": made.randint(1, 9),
                "latitude": made.uniform(-25, 5),
                "longitude": made.uniform(-180, 180),
                "vessel": {"name": words[0], "imo": made.randint(1_000_000, 9_999_999), "flag": "FJI"},
                "description": " ".join(words),
            }
        ],
        "handling": {"tlp": "AMBER", "purpose": "INVESTIGATION"},
        "references": [str(uuid.UUID(int=made.getrandbits(128))) for _ in range(12)],
    }
    return json.dumps(record).encode()


async def _carry(network: Network, seed: int) -> tuple[float, float]:
    """Sends a batch from Fiji to Tonga, and counts what Tonga's cable carried until the last receipt has gone."""
    await network.ton.drained("ptccc")
    cable, before = network.ton.cable, dict(network.ton.cable.carried)
    useful = 0
    for at in range(_CARRIED):
        payload = _note(random.Random(seed * 20_000 + at))
        useful += len(payload)
        note = message(payload=payload, topic="bluepacific.carried.v1.note.sent", receipts=False)
        await network.fji.send(note)
    await network.ton.receive(_CARRIED, service="carried")
    await network.ton.drained("ptccc")
    down, up = cable.carried[DOWN] - before[DOWN], cable.carried[UP] - before[UP]
    return down / useful, (down + up) / useful


async def _time(network: Network) -> tuple[float, float]:
    """Times single messages from the commit with the outbox row in Fiji to the commit with the inbox row in Tonga."""
    arrived: asyncio.Queue[str] = asyncio.Queue()

    async def handle(_session: object, sent: topics_pb2.Message) -> None:
        arrived.put_nowait(sent.message_id)

    topic = "bluepacific.clock.v1.note.sent"
    async with fresh_database("sqlite", "bp_exchange") as sender_url, fresh_database("sqlite", "bp_exchange") as url:
        sender, receiver = Database(sender_url), Database(url)
        fiji, tonga = network.fji.exchange.house.seams, network.ton.exchange.house.seams
        relay = asyncio.create_task(OutboxRelay(sender, fiji, "clock").run())
        subscriber = asyncio.create_task(Subscriber(receiver, tonga, "clock", {topic: handle}).run())
        took = []
        for at in range(_TIMED):
            begun = time.perf_counter()
            async with sender.write() as session:
                await Outbox(session, fiji).send(
                    topic=topic,
                    payload=events_pb2.LibraryRequested(country=f"countries/F{at:02}"),
                    author="countries/FJI",
                    recipients=["countries/TON"],
                    receipts=False,
                )
            await arrived.get()
            took.append((time.perf_counter() - begun) * 1000)
        for task in (relay, subscriber):
            task.cancel()
        await asyncio.gather(relay, subscriber, return_exceptions=True)
        await sender.aclose()
        await receiver.aclose()
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


if __name__ == "__main__":
    main()
