"""What one node costs: seconds from `node up` to healthy, and resident memory with all services.

    .venv/bin/python -m tests.bench.footprint [--rounds N] [--json FILE]

Each round makes a node with the command, starts it for the first time (databases are made), stops it, starts it again, uses it for a while,
and stops it. Healthy is when `/readyz` answers. Aims: a start in less than 3 s, less than 250 MiB. Then once the same node with a process
for each service, as pods are, left alone for a while: what each has for itself (private pages; aim: less than 400 MiB in all). The image's
Python is compiled without docstrings and columns, so that pods need less than these; `make bench-cluster` measures them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.pods.node_of_processes import SERVICES, NodeOfProcesses

ROUNDS = 5
_LONGEST_SECONDS = 60
_POLL_SECONDS = 0.01
_CALLS = 500
_IDLE_SECONDS = 20
_ROWS = (
    ("first start to healthy, databases made", "s"),
    ("start to healthy", "s"),
    ("resident memory when healthy", "MiB"),
    (f"resident memory after {_CALLS} calls", "MiB"),
)


def main() -> None:
    """Measures, and writes the table."""
    options = argparse.ArgumentParser(description="What one node costs.")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--json", type=Path, help="Write the figures here, too.")
    chosen = options.parse_args()
    rounds = [_round(number, chosen.rounds) for number in range(1, chosen.rounds + 1)]
    rows: list[dict[str, Any]] = [
        {"name": name, "unit": unit, "min": min(figures), "median": statistics.median(figures), "max": max(figures)}
        for (name, unit), figures in zip(_ROWS, zip(*rounds, strict=True), strict=True)
    ]
    rows += asyncio.run(_apart())
    print("| one node, all services | unit | min | median | max |")
    print("|---|---|---:|---:|---:|")
    for row in rows:
        print(f"| {row['name']} | {row['unit']} | {row['min']:.2f} | {row['median']:.2f} | {row['max']:.2f} |")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _round(number: int, rounds: int) -> tuple[float, float, float, float]:
    """Returns a round's figures in the order of `_ROWS`."""
    print(f"round {number} of {rounds}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as place:
        folder, port = Path(place) / "node", _free_port()
        init = ["init", "--country", "WSM", "--centre", "--dir", str(folder), "--port", str(port)]
        subprocess.run(
            [*_command(), *init, "--link", f"127.0.0.1:{_free_port()}"], check=True, stdout=subprocess.DEVNULL
        )
        with _running(folder, port) as (first, _):
            pass
        with _running(folder, port) as (seconds, process):
            healthy = _resident(process)
            _use(port)
            return first, seconds, healthy, _resident(process)


async def _apart() -> list[dict[str, Any]]:
    """Returns rows of what each service takes as a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        node = NodeOfProcesses(Path(place))
        try:
            for service in SERVICES:
                code, said = await node.run(service, "migrate")
                if code:
                    sys.exit(said)
            await asyncio.gather(*(node.start(service) for service in (*SERVICES, "gateway")))
            await asyncio.sleep(_IDLE_SECONDS)
            taken = {name: _private(node.pid(name)) for name in sorted((*SERVICES, "gateway"))}
        finally:
            await node.kill()
    rows = [(f"a process of its own, idle: {name}", figure) for name, figure in taken.items()]
    rows.append(("processes of their own, idle: all", sum(taken.values())))
    return [{"name": name, "unit": "MiB", "min": one, "median": one, "max": one} for name, one in rows]


def _private(process: int) -> float:
    """Returns what a process has for itself, in MiB."""
    found = re.findall(r"^Private_\w+:\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
    return sum(map(int, found)) / 1024


def _command() -> list[str]:
    return [sys.executable, "-m", "bp_node", "node"]


@contextlib.contextmanager
def _running(folder: Path, port: int) -> Iterator[tuple[float, int]]:
    """Runs the node within the block; gives the seconds until it was healthy, and its process id."""
    with (folder / "run" / "bench.log").open("ab") as log:
        begun = time.perf_counter()
        process = subprocess.Popen([*_command(), "up", "--dir", str(folder)], stdout=log, stderr=log)
        try:
            while not _healthy(port):
                if process.poll() is not None or time.perf_counter() - begun > _LONGEST_SECONDS:
                    sys.exit(f"the node did not start:\n{(folder / 'run' / 'bench.log').read_text()[-2000:]}")
                time.sleep(_POLL_SECONDS)
            yield time.perf_counter() - begun, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_LONGEST_SECONDS)


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _use(port: int) -> None:
    """Calls what needs no account: the API's own description once, and public keys."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for number in range(_CALLS):
        path = "/openapi.json" if number == 0 else ("/oauth2/jwks.json", "/v1/issuerKeys")[number % 2]
        connection.request("GET", path)
        connection.getresponse().read()
    connection.close()


def _resident(process: int) -> float:
    """Returns resident memory in MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


if __name__ == "__main__":
    main()
