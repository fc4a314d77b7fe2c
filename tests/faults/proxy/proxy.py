"""The proxy: listens, dials on, and can be cut, unplugged, held and made thin while it runs."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from typing import Self

from tests.faults.proxy.connection import join, reset, thin_socket
from tests.faults.proxy.way import CutError, Way

_BACKLOG = 64


class FaultProxy:
    """Carries TCP from a port of its own to another; plugged in and perfect at first.

    Args:
        upstream: Host and port to dial for each connection.
        port: To listen on; any free one when 0.
        seed: Of its chances, so that a run can be repeated.

    Attributes:
        up: The way from whoever dials in to the upstream.
        down: The way back.
        port: Where it listens.
        accepted: How many have connected.
        cuts: How many connections were cut.
        first_contact: When, by time.monotonic, the first one connected since `plug`; None before that.
    """

    def __init__(
        self, upstream: tuple[str, int], *, host: str = "127.0.0.1", port: int = 0, seed: int | None = None
    ) -> None:
        self.upstream = upstream
        self.host, self.port = host, port
        chance = random.Random(seed)
        self.up, self.down = Way(chance=chance), Way(chance=chance)
        self.accepted = 0
        self.cuts = 0
        self.first_contact: float | None = None
        self._contact = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        # Holds the port while nobody listens, so that who dials is refused and no other process gets it.
        self._keeper = self._bound()
        self.port = self._keeper.getsockname()[1]
        self.plug()
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [*self._connections, *([self._listening] if self._listening else [])]
        self.unplug()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._keeper.close()

    def _bound(self) -> socket.socket:
        made = thin_socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.host, self.port))
        return made

    def both(self, **values: float | None) -> None:
        """Sets attributes of both ways: `proxy.both(rate=512_000, delay=0.3)`."""
        for way in (self.up, self.down):
            for name, value in values.items():
                assert hasattr(way, name), name
                setattr(way, name, value)

    @property
    def address(self) -> str:
        """What to dial: `host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def connected(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    def plug(self) -> None:
        """Lets them connect (again)."""
        if self._listening is None:
            self.first_contact = None
            self._contact.clear()
            listener = self._bound()
            listener.listen(_BACKLOG)
            self._listening = asyncio.create_task(self._listen(listener))
            self._listening.add_done_callback(lambda _: listener.close())

    def unplug(self) -> None:
        """Cuts what is connected, and refuses whoever dials, until `plug`."""
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None
        self.cut()

    def cut(self) -> None:
        """Resets what is connected now; who dials is let in."""
        self.cuts += len(self._connections)
        for one in self._connections:
            one.cancel()

    def hold(self) -> None:
        """Makes the link half open: nothing passes either way, and nobody is told. `proxy.up.hold()` does it one way."""
        self.up.hold()
        self.down.hold()

    def release(self) -> None:
        """Lets both ways pass again."""
        self.up.release()
        self.down.release()

    async def contact(self) -> float:
        """Returns when (time.monotonic) the first connection since `plug` was made; waits for it."""
        await self._contact.wait()
        assert self.first_contact is not None
        return self.first_contact

    async def _listen(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            near, _ = await loop.sock_accept(listener)
            near.settimeout(0)
            self.accepted += 1
            if self.first_contact is None:
                self.first_contact = time.monotonic()
                self._contact.set()
            task = asyncio.create_task(self._connect(near))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
            # A task that is cancelled before its first step has closed nothing.
            task.add_done_callback(lambda _, near=near: reset(near))

    async def _connect(self, near: socket.socket) -> None:
        far = thin_socket()
        try:
            # The three-way handshake, of which loopback shows nothing.
            await asyncio.sleep(self.up.delay + self.down.delay)
            await asyncio.get_running_loop().sock_connect(far, self.upstream)
            await join(near, far, self.up, self.down)
            near.close()
            far.close()
        except* CutError:
            self.cuts += 1
        except* OSError:
            pass  # one end has gone, and the other is told so
        finally:
            # Unless both have ended well. The near one is reset by whoever made this task.
            reset(far)
