"""The centre and two countries as processes, each country behind a fault proxy of its own."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import string
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

from tests.faults.nodes import READY_SECONDS, Node, free_port
from tests.faults.proxy import FaultProxy


class Region:
    """A small region on loopback; all of it is made and enrolled by commands, and ends with the block.

    Args:
        folder: For everything on disk.
        whole: Nodes with all their services.

    Attributes:
        centre, fji, ton: The nodes.
        links: The proxies, by node id.
    """

    def __init__(self, folder: Path, *, whole: bool = False) -> None:
        self.folder = folder
        self._whole = whole
        self._port = free_port()
        self.centre = Node(folder / "wsm", "WSM", f"127.0.0.1:{self._port}", centre=True, whole=whole)
        self.links: dict[str, FaultProxy] = {}
        self._stack = contextlib.AsyncExitStack()
        self._codes = {"WSM", "FJI", "TON"}

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self.fji = await self._country(stack, "FJI")
            self.ton = await self._country(stack, "TON")
            for node in self.nodes:
                stack.push_async_callback(node.kill)
            async with asyncio.TaskGroup() as tasks:
                for node in self.nodes:
                    tasks.create_task(node.make())
            await self.centre.start()
            for node in self.countries:
                version = await self._enrol(node)
            async with asyncio.TaskGroup() as tasks:
                for node in self.countries:
                    tasks.create_task(node.start())
            await self._heard_of(version)
            self._stack = stack.pop_all()
        return self

    async def _country(self, stack: contextlib.AsyncExitStack, country: str) -> Node:
        proxy = await stack.enter_async_context(FaultProxy(("127.0.0.1", self._port)))
        node = Node(self.folder / country.lower(), country, f"127.0.0.1:{proxy.port}", whole=self._whole)
        self.links[node.node_id] = proxy
        return node

    async def _enrol(self, node: Node) -> int:
        """Lets a node in; returns the version of the register that has it."""
        before = len(_versions(self.centre))
        await node.enrol(self.centre)
        async with asyncio.timeout(READY_SECONDS):
            while len(told := _versions(self.centre)) == before:  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.05)
        return max(told)

    async def _heard_of(self, version: int) -> None:
        """Returns once every country knows all that a register names: what is for others its exchange refuses."""
        async with asyncio.timeout(READY_SECONDS):
            for node in self.countries:
                while node.runs and max(_versions(node), default=0) < version:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.05)

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def new_country(self, chance: random.Random) -> str:
        """Returns a code that no node here has had."""
        while (code := "".join(chance.choices(string.ascii_uppercase, k=3))) in self._codes:
            continue
        self._codes.add(code)
        return code

    @contextlib.asynccontextmanager
    async def joined(self, chance: random.Random, folder: Path | None = None, **values: bool) -> AsyncIterator[Node]:
        """Lets one more country in for a block, without a proxy; made and enrolled, not started."""
        code = self.new_country(chance)
        node = Node(folder or self.folder / code.lower(), code, self.centre.link, **values)
        await node.make()
        await self._heard_of(await self._enrol(node))
        try:
            yield node
        finally:
            await node.kill()
            shutil.rmtree(node.folder)

    @property
    def countries(self) -> tuple[Node, ...]:
        """All but the centre."""
        return self.fji, self.ton

    @property
    def cuts(self) -> int:
        """How many connections were cut."""
        return sum(link.cuts for link in self.links.values())

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All."""
        return self.centre, self.fji, self.ton


def _versions(node: Node) -> list[int]:
    """Returns the registers that a node has told of having."""
    return [line["version"] for line in node.log() if line.get("event") == "register.current"]
