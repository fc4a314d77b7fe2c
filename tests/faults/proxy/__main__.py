"""A TCP proxy that is as bad as the links it stands for.

    python -m tests.faults.proxy HOST:PORT [--port N] [--rate 128k] [--delay 300ms] [--resets 0.02]

Each line on standard input changes it while it runs; `up` or `down` before a word means that way alone:

    rate 64k | rate none    bits a second             hold | release    half open: connected, and nothing passes
    delay 300ms             each way                  cut               resets what is connected
    resets 0.02             chance for each 16 KiB    unplug | plug     refuses | lets in
    show                    what was carried          quit
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import sys
from collections.abc import Callable

from tests.faults.proxy.proxy import FaultProxy
from tests.faults.proxy.way import Way

_BITS = {"": 1, "k": 1_000, "M": 1_000_000}
_SECONDS = {"s": 1.0, "": 1.0, "ms": 0.001}


def rate(text: str) -> float | None:
    """Reads `128k`, `2M` or `none`."""
    return None if text == "none" else _with_unit(text, _BITS)


def seconds(text: str) -> float:
    """Reads `300ms` or `0.3`."""
    return _with_unit(text, _SECONDS)


def chance(text: str) -> float:
    """Reads a number from 0 to 1."""
    if not 0 <= (read := float(text)) <= 1:
        raise ValueError(text)
    return read


def _with_unit(text: str, units: dict[str, float]) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]*)", text)
    if match is None or match[2] not in units:
        raise ValueError(text)
    return float(match[1]) * units[match[2]]


_VALUES: dict[str, Callable[[str], float | None]] = {"rate": rate, "delay": seconds, "resets": chance}


def obey(proxy: FaultProxy, line: str) -> str:
    """Does what a line says; returns what to tell.

    Raises:
        ValueError: It cannot be understood.
    """
    words = line.split()
    ways = [proxy.up, proxy.down]
    if words and words[0] in ("up", "down"):
        ways = [proxy.up if words.pop(0) == "up" else proxy.down]
    match words:
        case [("rate" | "delay" | "resets") as name, value]:
            read = _VALUES[name](value)
            for way in ways:
                setattr(way, name, read)
        case [("hold" | "release") as verb]:
            for way in ways:
                getattr(way, verb)()
        case [("cut" | "plug" | "unplug") as verb] if len(ways) == 2:
            getattr(proxy, verb)()
        case ["show"]:
            pass
        case _:
            raise ValueError(line)
    return shown(proxy)


def shown(proxy: FaultProxy) -> str:
    """Tells in one line how it is."""
    return (
        f"connected {proxy.connected}, accepted {proxy.accepted}, cut {proxy.cuts}; "
        f"up {_told(proxy.up)}; down {_told(proxy.down)}"
    )


def _told(way: Way) -> str:
    narrow = "no limit" if way.rate is None else f"{way.rate / 1000:g} kbit/s"
    held = ", held" if way.is_held else ""
    return f"{way.carried:,} bytes, {narrow}, {way.delay * 1000:g} ms, resets {way.resets:g}{held}"


async def serve(asked: argparse.Namespace) -> None:
    """Carries until told to stop."""
    host, _, port = asked.upstream.rpartition(":")
    async with FaultProxy((host, int(port)), port=asked.port, seed=asked.seed) as proxy:
        proxy.both(rate=asked.rate, delay=asked.delay, resets=asked.resets)
        print(f"127.0.0.1:{proxy.port} -> {asked.upstream}", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip() == "quit":
                return
            if line.strip():
                try:
                    print(obey(proxy, line), flush=True)
                except ValueError:
                    print(f"what is {line.strip()!r}? See --help", file=sys.stderr, flush=True)
        await asyncio.Event().wait()  # started without a keyboard


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.proxy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("upstream", metavar="HOST:PORT", help="what to dial for each connection")
    parser.add_argument("--port", type=int, default=0, help="where to listen; any free port when 0")
    parser.add_argument("--rate", type=rate, default=None, help="bits a second each way: 128k, 2M")
    parser.add_argument("--delay", type=seconds, default=0.0, help="each way: 300ms")
    parser.add_argument("--resets", type=chance, default=0.0, help="chance of a reset for each 16 KiB, 0 to 1")
    parser.add_argument("--seed", type=int, help="repeats the chances of an earlier run")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
