"""A node with a second place for one of its services, and the mover that takes the service from one to the other."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.pods.node_of_processes import NodeOfProcesses


class TwoPlaces:
    """`local` has the node's gateway and `service`; `central` waits for the service, with a database of another kind.

    Args:
        folder: Everything of it.
        service: Short name.
        central_database: URL of its database at the centre, migrated or not.
    """

    def __init__(self, folder: Path, service: str, central_database: str) -> None:
        for place in ("local", "central"):
            (folder / place).mkdir()
        self.service = service
        self.local = NodeOfProcesses(folder / "local")
        self.central = NodeOfProcesses(folder / "central", self.local.authority)
        database = {f"BP_{service.upper()}__DATABASE_URL": central_database}
        self._told = {"local": self._of("local"), "central": {**self._of("central"), **database}}

    def _of(self, place: str) -> dict[str, str]:
        here, other = self._node(place), self._node("central" if place == "local" else "local")
        told = {
            "BP_POD__PLACE": place,
            "BP_POD__OTHER_PLACE": other.address(self.service, "own"),
            "BP_POD__PUBLIC_URL": self.local.url,
            f"BP_{self.service.upper()}__PUBLIC_URL": self.local.url,
        }
        return {**told, "BP_POD__AWAITS": "true"} if here is self.central else told

    def _node(self, place: str) -> NodeOfProcesses:
        return self.local if place == "local" else self.central

    async def start(self) -> None:
        """Migrates the service's databases, and starts it at both places, and the gateway, which knows both."""
        for place in ("local", "central"):
            code, said = await self._node(place).run(self.service, "migrate", **self._told[place])
            assert code == 0, said
        await asyncio.gather(
            *(self._node(place).start(self.service, **self._told[place]) for place in ("local", "central")),
            self.local.start(
                "gateway",
                BP_POD__OTHER_PLACES=json.dumps({self.service: self.central.address(self.service, "people")}),
            ),
        )

    async def kill(self) -> None:
        """Ends what still runs."""
        await self.local.kill()
        await self.central.kill()

    async def move(self, to: str, *options: str, kill_at: str = "") -> tuple[int, list[dict[str, Any]], str]:
        """Runs the mover where the service stands.

        Args:
            to: Where to.
            options: Of the command.
            kill_at: The event at which it is killed.

        Returns:
            Its exit code, its events, and what it said on standard error.
        """
        place = "central" if to == "local" else "local"
        told = {**os.environ, **self._node(place).environment(self.service), **self._told[place]}
        mover = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bp_node", "node", "move", self.service, "--to", to, "--json", *options),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=told,
        )
        assert mover.stdout
        assert mover.stderr
        events = []
        async for event in _lines(mover.stdout):
            events.append(event)
            if event["event"] == kill_at:
                mover.kill()
        said = await mover.stderr.read()
        return await mover.wait(), events, said.decode()


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    async for line in stream:
        yield json.loads(line)
