"""A node as a process: made and enrolled by the commands that people use, run on loopback, killed, stopped and started by tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.faults.nursery import Born, Nursery

READY_SECONDS = 240
_NURSERY = Nursery()
NOTHING: Mapping[str, str] = MappingProxyType({})
_EASY = {
    # Tests cut links all the time; nobody has two minutes to wait for the next try.
    "BP_EXCHANGE__REDIAL_FIRST": "PT0.1S",
    "BP_EXCHANGE__REDIAL_LONGEST": "PT1S",
    "BP_EXCHANGE__KEEPALIVE": "PT5S",
    "BP_NODE__SAMPLE_RATIO": "0",
}


def free_port() -> int:
    """Returns a port that is free now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


class CommandFailedError(Exception):
    """A command refused; its words are the message."""


async def bluepacific(*arguments: object, given: str = "", environment: Mapping[str, str] = NOTHING) -> Any:
    """Runs the command with --json, and returns its answer.

    Raises:
        CommandFailedError: It refused.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bp_node", *(str(one) for one in arguments), "--json"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    answer, told = await process.communicate(given.encode())
    if process.returncode:
        raise CommandFailedError((told or answer).decode())
    return json.loads(answer.splitlines()[-1]) if answer.strip() else {}


class Node:
    """A node's folder, and its process while there is one.

    Args:
        folder: Of the node.
        country: Its ISO code; the node's id is that in lower case.
        link: `host:port` of the centre's link, as this node sees it.
        whole: With all services; else the exchange alone.
    """

    def __init__(self, folder: Path, country: str, link: str, *, centre: bool = False, whole: bool = False) -> None:
        self.folder = folder
        self.country = country
        self.node_id = country.lower()
        self.unit = f"countries/{country}/units/ncb"
        self.environment: dict[str, str] = dict(_EASY)
        self.flags: list[str] = [] if whole else ["--alone"]
        self.port = 0
        self.centre = centre
        self.starts = 0
        self.up = asyncio.Event()
        self.link = link
        self._process: asyncio.subprocess.Process | Born | None = None

    async def make(self, environment: Mapping[str, str] = NOTHING) -> dict[str, Any]:
        """Makes it, and returns what the command said."""
        arguments = ["--country", self.country, "--node-id", self.node_id, "--port", free_port(), "--link", self.link]
        arguments += [
            "--smtp",
            f"127.0.0.1:{free_port()}",
            "--dir",
            self.folder,
            *(["--centre"] if self.centre else []),
        ]
        made: dict[str, Any] = await bluepacific("node", "init", *arguments, environment=environment)
        return made

    async def enrol(self, centre: Node, environment: Mapping[str, str] = NOTHING) -> None:
        """Lets it into the network of a centre that runs."""
        invited = await bluepacific("node", "invite", self.node_id, "--country", self.country, "--dir", centre.folder)
        token = invited["token"]
        await bluepacific("node", "enrol", "--token", "-", "--dir", self.folder, given=token, environment=environment)

    async def start(self) -> None:
        """Starts it, and returns when it serves.

        Raises:
            RuntimeError: It cannot.
        """
        assert self._process is None
        process = await self._begun()
        self._process = process
        assert process.stdout
        async with asyncio.timeout(READY_SECONDS):
            line = await process.stdout.readline()
        if not line:
            self._process = None
            await process.wait()
            if process.returncode == -signal.SIGKILL:
                return
            raise RuntimeError(f"{self.node_id} cannot start: {self.last_words()}")
        self.port = json.loads(line)["port"]
        self.starts += 1
        self.up.set()

    async def _begun(self) -> asyncio.subprocess.Process | Born:
        """Forks it, where its environment is the usual one; a shim in it must be there when a program is executed."""
        arguments, log = [str(self.folder), *self.flags], self.folder / "run" / "node.log"
        if self.environment == _EASY:
            return await _NURSERY.bear(arguments, self.environment, log)
        with log.open("ab") as opened:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.faults.post", *arguments),
                stdout=asyncio.subprocess.PIPE,
                stderr=opened,
                env={**os.environ, **self.environment},
            )

    def signal(self, number: int) -> None:
        """Sends it a signal."""
        assert self._process
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def kill(self) -> None:
        """Kills it (kill -9)."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Stops it as systemd does."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self.up.clear()
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            async with asyncio.timeout(60):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.returncode is None

    def resident(self) -> int:
        """Returns how much memory the process has, in bytes."""
        assert self._process
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("it has ended")

    def last_words(self) -> str:
        """Returns the end of its log."""
        return (self.folder / "run" / "node.log").read_text(errors="replace")[-2000:]

    def log(self) -> list[dict[str, Any]]:
        """Returns what it has told, line by line."""
        lines = (self.folder / "run" / "node.log").read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def copy(self, into: Path) -> None:
        """Copies the folder of a node that does not run."""
        shutil.copytree(self.folder, into, symlinks=True)
