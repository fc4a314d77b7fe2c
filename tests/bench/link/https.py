"""One HTTPS PUT a message or a batch, as Matrix homeservers do: keep-alive, one under way, answered once it is on disk."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from pathlib import Path

from tests.bench.link.certificate import write_certificate
from tests.bench.link.contestant import end, free_port, spawn


class Https:
    """A homeserver and its peer.

    Args:
        folder: For what they keep.
        batch: Messages in a transaction.
        compressed: Bodies go as gzip.
    """

    def __init__(self, folder: Path, *, batch: int, compressed: bool) -> None:
        what = "a message" if batch == 1 else f"{batch} messages"
        self.name = f"HTTPS, a PUT for {what}" + (", gzip" if compressed else "")
        self.port = free_port()
        self.stays_connected = False
        self._folder = folder
        self._batch = batch
        self._compressed = compressed
        self._server: subprocess.Popen[bytes] | None = None
        self._client: subprocess.Popen[bytes] | None = None

    async def start(self, link_port: int) -> None:
        write_certificate(self._folder)
        package = "tests.bench.link.https_"
        arguments = ["python", "-m", package + "server", str(self._folder), str(self.port)]
        self._server = spawn(arguments, self._folder / "server.log")
        how = "gzip" if self._compressed else "plain"
        arguments = ["python", "-m", package + "client", str(self._folder), str(link_port), str(self._batch), how]
        self._client = spawn(arguments, self._folder / "client.log")
        while not (self._folder / "server.sqlite-wal").exists():  # noqa: ASYNC110 - another process's file
            await asyncio.sleep(0.05)
        self._store = sqlite3.connect(self._folder / "server.sqlite")

    async def load(self, messages: list[bytes]) -> None:
        await self._tell("".join(f"{message.hex()}\n" for message in messages))

    async def _tell(self, lines: str) -> None:
        assert self._client
        assert self._client.stdin
        await asyncio.to_thread(self._client.stdin.write, lines.encode())
        await asyncio.to_thread(self._client.stdin.flush)

    async def arrived(self) -> int:
        return self._count(0)

    async def flash(self, number: int) -> None:
        message = b'{"flash": %d}' % number
        await self._tell(f"!{message.hex()}\n")

    async def flashes(self) -> int:
        return self._count(1)

    def _count(self, urgent: int) -> int:
        (count,) = self._store.execute("select count(*) from message where urgent = ?", (urgent,)).fetchone()
        return int(count)

    async def stop(self) -> None:
        self._store.close()
        await end(self._client, self._server)
