"""What drains a queue over a thin link, seen from outside: the same for the exchange and for what it is compared with."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

_GRACE_SECONDS = 15


class Contestant(Protocol):
    """One way to carry messages from a country to the centre.

    Attributes:
        name: In the table.
        port: Where the centre listens; the link's far end.
        stays_connected: It is not cut off while its queue fills, because it would not be back soon.
    """

    name: str
    port: int
    stays_connected: bool

    async def start(self, link_port: int) -> None:
        """Starts both ends; the country's dials `link_port`, where nobody answers yet."""

    async def load(self, messages: list[bytes]) -> None:
        """Queues messages in the country, durably."""

    async def arrived(self) -> int:
        """Returns how many messages are safely at the centre."""

    async def flash(self, number: int) -> None:
        """Queues an urgent message in the country."""

    async def flashes(self) -> int:
        """Returns how many urgent messages are at the centre."""

    async def stop(self) -> None:
        """Stops both ends."""


async def until(happened: Callable[[], Awaitable[bool]], seconds: float, pause: float = 0.02) -> float:
    """Returns the moment (monotonic) at which something was seen to have happened.

    Raises:
        TimeoutError: It did not.
    """
    async with asyncio.timeout(seconds):
        while not await happened():  # noqa: ASYNC110 - other processes' databases ring no bell
            await asyncio.sleep(pause)
    return time.monotonic()


def free_port() -> int:
    """Returns a port nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def spawn(arguments: list[str], log: Path, **options: object) -> subprocess.Popen[bytes]:
    """Starts a process that writes to a log; `python` first is this interpreter."""
    command = [sys.executable if arguments[0] == "python" else arguments[0], *arguments[1:]]
    with log.open("ab") as out:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out, **options)  # type: ignore[call-overload,no-any-return] # passed on


async def end(*processes: subprocess.Popen[bytes] | None) -> None:
    """Stops processes."""
    for process in processes:
        if process is None or process.poll() is not None:
            continue
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(process.wait, _GRACE_SECONDS)
        process.kill()
        process.wait()
