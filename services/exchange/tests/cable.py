"""A cable between a country and the centre that tests can cut, hold or thin."""

import asyncio
import contextlib

UP, DOWN = "up", "down"


class Cable:
    """Carries TCP from a port of its own to the centre's.

    Attributes:
        carried: Bytes each way: `UP` to the centre, `DOWN` from it.
    """

    def __init__(self, target):
        self.target = target
        self.carried = {UP: 0, DOWN: 0}
        self.port = 0
        self._open = asyncio.Event()
        self._open.set()
        self._silent = set()
        self._held = set()
        self._released = asyncio.Event()
        self._waiting = []
        self._writers = set()
        self._tasks = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self):
        """Breaks what is connected now."""
        for writer in self._writers:
            writer.transport.abort()

    def unplug(self):
        """Breaks what is connected, and lets nobody connect until `plug`."""
        self._open.clear()
        self.cut()

    def plug(self):
        """Lets them connect, and be heard, again."""
        self._silent.clear()
        self._held.clear()
        self._released.set()
        self._open.set()

    def silence(self, way):
        """Swallows what travels that way, as a half-open link does."""
        self._silent.add(way)

    def hold(self, way):
        """Takes nothing more that way, as a peer that does not read; what is connected stays so until `plug`."""
        self._released.clear()
        self._held.add(way)

    async def carrying(self, way, size):
        """Returns once that many more bytes were carried that way."""
        reached = asyncio.Event()
        self._waiting.append((way, self.carried[way] + size, reached))
        async with asyncio.timeout(90):
            await reached.wait()

    async def _connected(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        if not self._open.is_set():
            writer.transport.abort()
            return
        try:
            there, thither = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, thither}
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._carry(reader, thither, UP))
                tasks.create_task(self._carry(there, writer, DOWN))
        finally:
            for one in (writer, thither):
                self._writers.discard(one)
                one.transport.abort()

    async def _carry(self, source, sink, way):
        with contextlib.suppress(OSError):
            while data := await source.read(16 * 1024):
                self.carried[way] += len(data)
                for wanted, size, reached in self._waiting:
                    if wanted == way and self.carried[way] >= size:
                        reached.set()
                if way in self._silent:
                    continue
                while way in self._held:
                    await self._released.wait()
                sink.write(data)
                await sink.drain()
        sink.transport.abort()
