"""The gateway against a bare FastAPI route and Envoy's gRPC-JSON transcoder before the same gRPC server, in one run.

    .venv/bin/python -m tests.bench.gateway [--rounds N] [--seconds S] [--json FILE]

Every round measures every way at every level, each level in a new order, so that what else the machine does falls on all alike. Ratios are
made within a round. Aims: at least 0.8 of Envoy over a socket and 1.5 embedded at the level `open`; at `authorised` 85 % of `open`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

os.environ["BP_BENCH_KEY"] = json.dumps(OKPKey.generate_key("Ed25519", {"kid": "test-key"}).as_dict(private=True))

from tests.bench.gateway import shelf
from tests.bench.gateway.envoy import start_envoy

CONNECTIONS = 16
WAYS = ("FastAPI", "Envoy", "socket", "embedded")
_FIGURES = (("rate", "requests/s"), ("p50", "p50 ms"), ("p99", "p99 ms"), ("cpu", "CPU µs a request"))
_BODY = {
    "title": "Tides and currents of the western lagoon",
    "pageCount": 240,
    "colour": "COLOUR_BLUE",
    "authors": ["Sina Tuilagi", "Mere Vakaloloma"],
    "summary": {"texts": {"en": "When the water comes, when it goes, and what it carries."}},
}
_CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass
class Way:
    """One way to the same answer: where it listens, and the processes that work for it."""

    name: str
    level: str
    port: int
    processes: tuple[subprocess.Popen[bytes], ...]

    def cpu_seconds(self) -> float:
        """Returns the CPU time that its processes have used."""
        return sum(_cpu_of(process.pid) for process in self.processes)


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK


Figures = dict[tuple[str, str, str], list[dict[str, float]]]


def main() -> None:
    """Measures, and writes the tables."""
    options = argparse.ArgumentParser(description="The gateway's speed.")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=1.5, help="of each measurement")
    options.add_argument("--json", type=Path, help="Write the figures here, too.")
    chosen = options.parse_args()
    figures: Figures = {}
    with contextlib.ExitStack() as stack:
        ways = list(_started(stack))
        load = stack.enter_context(_ended(_spawn("load", stdin=subprocess.PIPE, stdout=subprocess.PIPE)))
        _round(ways, load, {}, 0.3)
        for number in range(1, chosen.rounds + 1):
            print(f"round {number} of {chosen.rounds}", file=sys.stderr)
            _round(ways, load, figures, chosen.seconds)
    rows = [*_ratios(figures), *_absolutes(figures)]
    print("| gateway | unit | min | median | max |\n|---|---|---:|---:|---:|")
    for row in rows:
        print(f"| {row['name']} | {row['unit']} | {row['min']:.2f} | {row['median']:.2f} | {row['max']:.2f} |")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _started(stack: contextlib.ExitStack) -> Iterator[Way]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bp-bench-")))

    def server(role: str, level: str, *rest: object) -> tuple[int, subprocess.Popen[bytes]]:
        port = _free_port()
        return port, stack.enter_context(_ended(_spawn("servers", role, level, port, *rest)))

    bare, fastapi = server("fastapi", "open")
    yield Way("FastAPI", "open", _listening(bare), (fastapi,))
    for level in shelf.LEVELS:
        behind, backend = server("backend", level)
        _listening(behind)
        before, wire = server("wire", level, behind)
        within, embedded = server("embedded", level)
        port = _free_port()
        envoy = stack.enter_context(_ended(start_envoy(folder, port, behind)))
        yield Way("Envoy", level, _listening(port), (envoy, backend))
        yield Way("socket", level, _listening(before), (wire, backend))
        yield Way("embedded", level, _listening(within), (embedded,))


def _spawn(module: str, *arguments: object, **pipes: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"tests.bench.gateway.{module}", *map(str, arguments)]
    return subprocess.Popen(command, **pipes)  # type: ignore[call-overload,no-any-return] # pipes are stdin and stdout


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _listening(port: int) -> int:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return port
        time.sleep(0.1)
    sys.exit(f"a server of the benchmark did not start on port {port}")


def _round(ways: list[Way], load: subprocess.Popen[bytes], figures: Figures, seconds: float) -> None:
    for level in shelf.LEVELS:
        for operation in ("GET", "list", "POST"):
            for way in random.sample([way for way in ways if way.level == level], k=len(WAYS) - (level != "open")):
                found = _measured(way, operation, load, seconds)
                figures.setdefault((level, operation, way.name), []).append(found)


def _measured(way: Way, operation: str, load: subprocess.Popen[bytes], seconds: float) -> dict[str, float]:
    asked = {
        "port": way.port,
        "request": _request(operation, way.level),
        "connections": CONNECTIONS,
        "seconds": seconds,
    }
    assert load.stdin is not None
    assert load.stdout is not None
    before = way.cpu_seconds()
    load.stdin.write(json.dumps(asked).encode() + b"\n")
    load.stdin.flush()
    found: dict[str, float] = json.loads(load.stdout.readline())
    found["cpu"] = (way.cpu_seconds() - before) / found["count"] * 1e6
    if found["wrong"]:
        sys.exit(f"{way.name}, {way.level}, {operation}: {found['wrong']:.0f} answers were not 200")
    return found


def _request(operation: str, level: str) -> str:
    head = "host: bench\r\naccept: application/json\r\naccept-language: fr\r\nuser-agent: bench\r\n"
    if level != "open":
        head += f"authorization: Bearer {shelf.token()}\r\n"
    books = "/v1/countries/FJI/books"
    if operation != "POST":
        return f"GET {books + ('/book-1' if operation == 'GET' else '?pageSize=20')} HTTP/1.1\r\n{head}\r\n"
    body = json.dumps(_BODY)
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return f"POST {books} HTTP/1.1\r\n{head}\r\n{body}"


def _ratios(figures: Figures) -> Iterator[dict[str, Any]]:
    for level in shelf.LEVELS:
        for operation in ("GET", "list", "POST"):
            for way in ("socket", "embedded"):
                ours = figures[level, operation, way]
                against = {"Envoy": (level, "Envoy"), "FastAPI": ("open", "FastAPI")}
                if level != "open":
                    against["itself open"] = ("open", way)
                for name, (other_level, other) in against.items():
                    theirs = figures[other_level, operation, other]
                    ratios = [one["rate"] / two["rate"] for one, two in zip(ours, theirs, strict=True)]
                    yield _row(f"{level}, {operation}: {way} / {name}", "ratio", ratios)


def _absolutes(figures: Figures) -> Iterator[dict[str, Any]]:
    for (level, operation, way), found in figures.items():
        for key, unit in _FIGURES:
            yield _row(f"{level}, {operation}: {way}", unit, [one[key] for one in found])
    yield _row(
        "load generator's own share of a core", "ratio", [one["own"] for found in figures.values() for one in found]
    )


def _row(name: str, unit: str, values: list[float]) -> dict[str, Any]:
    return {"name": name, "unit": unit, "min": min(values), "median": statistics.median(values), "max": max(values)}


if __name__ == "__main__":
    main()
