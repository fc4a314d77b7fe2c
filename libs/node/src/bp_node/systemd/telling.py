"""What a node tells systemd: that it is ready, that it lives, that it stops (sd_notify(3)). Silent where systemd does not ask.

The sign of life comes from the node's own event loop: a loop that is stuck gives none, and systemd starts the node anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

_MICRO = 1_000_000


class Telling:
    """Datagrams to systemd's socket.

    Args:
        environment: Where systemd says whether and where it listens.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # `@` stands for the abstract namespace.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.interval = _interval(environment)

    def tell(self, *lines: str) -> None:
        """Sends one datagram; that nobody is there to take it does not stop a node."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            # A full socket must not hold up the loop.
            out.setblocking(False)  # noqa: FBT003 - its only way
            out.sendto("\n".join(lines).encode(), self._address)

    async def live(self) -> None:
        """Gives a sign of life, twice within the time that systemd allows, until cancelled."""
        while self.interval:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self.interval)


@asynccontextmanager
async def told(status: str, environment: Mapping[str, str] = os.environ) -> AsyncIterator[None]:
    """Within the block the node is ready and lives; at its end it stops.

    Args:
        status: One line for `systemctl status`.
        environment: The process's.
    """
    telling = Telling(environment)
    telling.tell("READY=1", f"STATUS={status}")
    living = asyncio.create_task(telling.live())
    try:
        yield
    finally:
        telling.tell("STOPPING=1")
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)


def _interval(environment: Mapping[str, str]) -> float:
    """Returns the seconds between two signs of life; 0 where none are asked of this process."""
    try:
        allowed, process = int(environment["WATCHDOG_USEC"]), int(environment.get("WATCHDOG_PID", os.getpid()))
    except (KeyError, ValueError):
        return 0.0
    return allowed / _MICRO / 2 if allowed > 0 and process == os.getpid() else 0.0
