"""Asks over and over: `python -m tests.bench.gateway.load`. Each line of JSON on standard input is one measurement, answered by one line.

A closed loop of a few connections, nothing parsed but the status line and the length: some 20 microseconds of CPU a request.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import httptools
import uvloop


class Asker(asyncio.Protocol):
    """One connection: the next request goes out when the last answer is whole."""

    def __init__(self, request: bytes, until: float, ended: asyncio.Future[None]) -> None:
        self._request = request
        self._until = until
        self._ended = ended
        self._parser = httptools.HttpResponseParser(self)
        self._sent = 0.0
        self.seconds: list[float] = []
        self.wrong = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self._sent)
        self.wrong += self._parser.get_status_code() != 200
        if now < self._until:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    def _ask(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)


async def measure(port: int, request: bytes, connections: int, seconds: float) -> dict[str, Any]:
    """Returns requests a second, latencies in milliseconds, the generator's own CPU share, and how many answers were not 200."""
    loop = asyncio.get_running_loop()
    begun, cpu = time.perf_counter(), time.process_time()
    askers, ends = [], []
    for _ in range(connections):
        ends.append(loop.create_future())
        asker = Asker(request, begun + seconds, ends[-1])
        askers.append(asker)
        await loop.create_connection(lambda asker=asker: asker, "127.0.0.1", port)
    await asyncio.gather(*ends)
    elapsed = time.perf_counter() - begun
    latencies = sorted(one for asker in askers for one in asker.seconds)
    return {
        "count": len(latencies),
        "rate": len(latencies) / elapsed,
        "p50": latencies[len(latencies) // 2] * 1000,
        "p99": latencies[len(latencies) * 99 // 100] * 1000,
        "own": (time.process_time() - cpu) / elapsed,
        "wrong": sum(asker.wrong for asker in askers),
    }


async def main() -> None:
    """Answers lines until there are none."""
    for line in sys.stdin:
        asked = json.loads(line)
        found = await measure(asked["port"], asked["request"].encode(), asked["connections"], asked["seconds"])
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
