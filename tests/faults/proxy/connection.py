"""A connection through the proxy: two sockets and what travels between them."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque

from tests.faults.proxy.way import SEGMENT, Way

# Small, so that what waits does so at its sender and not in kernels on the way: no real link holds megabytes.
_KERNEL_BUFFER = 64 * 1024
_RESET = struct.pack("ii", 1, 0)


def thin_socket() -> socket.socket:
    """Returns a TCP socket that neither hoards data nor uses loopback's segments of 64 KiB."""
    made = socket.socket()
    made.settimeout(0)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL_BUFFER)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def reset(broken: socket.socket) -> None:
    """Closes a socket, unless it is closed, so that its peer sees a reset."""
    if broken.fileno() >= 0:
        broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        broken.close()


class Flow:
    """What travels one way through one connection: read, put on the way, and written when it has arrived."""

    def __init__(self, source: socket.socket, sink: socket.socket, way: Way) -> None:
        self._source = source
        self._sink = sink
        self._way = way
        self._loop = asyncio.get_running_loop()
        # When it arrives, and what; b"" is the end.
        self._flying: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self._changed = asyncio.Event()

    async def take(self) -> None:
        """Reads until the source ends.

        Raises:
            CutError: The link has cut it.
            OSError: The source has.
        """
        data = b"-"
        while data:
            await self._way.admit()
            while self._size > self._way.room:
                await self._change()
            data = await self._loop.sock_recv(self._source, self._way.piece)
            # What was read in a held moment has not left yet.
            await self._way.passable()
            self._flying.append((self._way.carry(len(data)), data))
            self._size += len(data)
            self._changed.set()

    async def give(self) -> None:
        """Writes until the end has arrived.

        Raises:
            OSError: The sink has gone.
        """
        while True:
            while not self._flying:
                await self._change()
            arrives, data = self._flying[0]
            await asyncio.sleep(max(0.0, arrives - self._loop.time()))
            await self._way.passable()
            if not data:
                self._sink.shutdown(socket.SHUT_WR)
                return
            await self._loop.sock_sendall(self._sink, data)
            self._flying.popleft()
            self._size -= len(data)
            self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


async def join(near: socket.socket, far: socket.socket, up: Way, down: Way) -> None:
    """Carries between two sockets until both have ended.

    Raises:
        ExceptionGroup: Of CutError and OSError: it was cut, or one of them was.
    """
    async with asyncio.TaskGroup() as tasks:
        for flow in (Flow(near, far, up), Flow(far, near, down)):
            tasks.create_task(flow.take())
            tasks.create_task(flow.give())
