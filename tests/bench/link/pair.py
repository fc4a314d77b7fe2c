"""The exchange: a country's node and the centre's, each a process of its own with all services, joined by the link that is measured."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.bench.link.contestant import end, free_port

_ANSWER_SECONDS = 3600


class Pair:
    """Two nodes.

    Args:
        folder: For what they keep.
    """

    name = "this exchange"
    stays_connected = False

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.centre: DrivenNode | None = None
        self.country: DrivenNode | None = None

    async def start(self, link_port: int) -> None:
        """Makes both nodes, and has the country enrolled over `link_port`, which must carry for that."""
        centre, country = self.folder / "centre", self.folder / "country"
        if not centre.exists():
            await _bluepacific("init", "--country", "WSM", "--centre", "--dir", str(centre), *_ports(self.port))
            await _bluepacific("init", "--country", "FJI", "--dir", str(country), *_ports(link_port))
        self.centre = await DrivenNode.start(centre, self.port)
        if not (country / "keys" / "exchange" / "certificate.pem").exists():
            invited = await _bluepacific("invite", "fji", "--country", "FJI", "--dir", str(centre))
            await _bluepacific("enrol", "--token", "-", "--dir", str(country), given=invited["token"])
        self.country = await DrivenNode.start(country, link_port)
        self._store = sqlite3.connect(f"file:{centre}/data/exchange.sqlite?mode=ro", uri=True)

    async def load(self, messages: list[bytes]) -> None:
        file = self.folder / "messages.hex"
        file.write_text("".join(f"{message.hex()}\n" for message in messages))
        assert self.country
        await self.country.ask("load", str(file))

    async def arrived(self) -> int:
        return self._count("bench")

    async def flash(self, number: int) -> None:
        assert self.country
        await self.country.ask("flash", str(number))

    async def flashes(self) -> int:
        return self._count("flash")

    def _count(self, service: str) -> int:
        """What waits for a service of the centre's is stored, opened and logged."""
        (count,) = self._store.execute("select count(*) from delivery where service = ?", (service,)).fetchone()
        return int(count)

    async def stop(self) -> None:
        if self.centre:
            self._store.close()
        await end(*(node.process for node in (self.country, self.centre) if node))


class DrivenNode:
    """A node's process and the line to it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    @classmethod
    async def start(cls, folder: Path, link_port: int) -> DrivenNode:
        """Starts a node; returns once it is ready."""
        environment = {
            **os.environ,
            "BP_NODE__PORT": str(free_port()),
            "BP_NODE__LINK": f"127.0.0.1:{link_port}",
            "BP_NODE__SAMPLE_RATIO": "0",
            "BP_EXCHANGE__REDIAL_LONGEST": "PT1S",
        }
        with (folder.parent / f"{folder.name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - it takes no time that is measured
                [sys.executable, "-m", "tests.bench.link.node", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
            )
        node = cls(process)
        await node.answer()
        return node

    async def ask(self, *words: str) -> dict[str, object]:
        """Tells it something, and returns its answer."""
        assert self.process.stdin
        self.process.stdin.write((" ".join(words) + "\n").encode())
        self.process.stdin.flush()
        return await self.answer()

    async def answer(self) -> dict[str, object]:
        """Returns its next line."""
        assert self.process.stdout
        async with asyncio.timeout(_ANSWER_SECONDS):
            line = await asyncio.to_thread(self.process.stdout.readline)
        if not line:
            raise RuntimeError("the node has ended; its log is in the bench's folder")
        found: dict[str, object] = json.loads(line)
        return found

    def resident(self) -> float:
        """Returns its resident memory in MiB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def _ports(link: int) -> list[str]:
    return ["--port", str(free_port()), "--link", f"127.0.0.1:{link}"]


async def _bluepacific(*arguments: str, given: str = "") -> dict[str, str]:
    command = [sys.executable, "-m", "bp_node", "node", *arguments, "--json"]
    done = await asyncio.to_thread(subprocess.run, command, input=given.encode(), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{arguments[0]}: {done.stderr.decode()[-2000:]}")
    lines = done.stdout.decode().strip().splitlines()
    found: dict[str, str] = json.loads(lines[-1]) if lines else {}
    return found
