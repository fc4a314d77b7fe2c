"""Letters that a careful client sends again until they are taken, and what must have become of them: there once, and in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.nodes import Node

_AGAIN_SECONDS = 0.05
PATIENCE = float(os.environ.get("BP_FAULTS_PATIENCE", "240"))
_WORDS = "The vessel was seen at dawn north of the reef, heading for the harbour at eight knots. " * 6


@dataclass
class Client:
    """Talks to one node; connects again whenever it must.

    Attributes:
        node: The node.
        takes_refusals: An answer that nothing was stored is given back, too.
    """

    node: Node
    takes_refusals: bool = False
    _ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Returns the node's answer, however often it has to be asked."""
        while True:
            try:
                answer = await self._ask(asked)
            except OSError:
                self.close()
            else:
                if self.takes_refusals or "refused" not in answer:
                    return answer
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        await self.node.up.wait()
        if self._ends is None:
            self._ends = await asyncio.open_connection("127.0.0.1", self.node.port)
        reader, writer = self._ends
        writer.write(json.dumps(asked).encode() + b"\n")
        await writer.drain()
        line = await reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Closes what is open."""
        if self._ends:
            self._ends[1].transport.abort()
            self._ends = None


@dataclass
class Conversation:
    """Letters from one node to others, each sent when the one before was taken.

    Attributes:
        taken: Ids in the order in which they were answered for.
        enough: Whoever talks may stop.
    """

    sender: Node
    receivers: tuple[Node, ...]
    name: str = field(default_factory=lambda: f"conversations/{uuid.uuid4()}")
    taken: list[str] = field(default_factory=list)
    enough: bool = False

    async def say(self, count: int, pause: float = 0.0, **fields: Any) -> None:
        """Sends that many letters."""
        client = Client(self.sender)
        with contextlib.closing(client):
            for _ in range(count):
                letter = {
                    "id": str(uuid.uuid4()),
                    "number": len(self.taken),
                    "text": _WORDS + str(uuid.uuid4()),
                    "author": self.sender.unit,
                    "to": [node.unit for node in self.receivers],
                    "conversation": self.name,
                    **fields,
                }
                answer = await client.ask(letter)
                assert answer == {"taken": letter["id"]}, answer
                self.taken.append(letter["id"])
                await asyncio.sleep(pause)

    async def arrived(self, seconds: float = PATIENCE) -> None:
        """Returns once everything taken is there; checks that it is there once, and in order.

        Raises:
            AssertionError: It is not.
        """
        for receiver in self.receivers:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    while len(arrivals(receiver).get(self.name, [])) < len(self.taken):  # noqa: ASYNC110 - a file
                        await asyncio.sleep(0.1)
            found = arrivals(receiver).get(self.name, [])
            assert found == self.taken, told(self.taken, found)


def arrivals(node: Node) -> dict[str, list[str]]:
    """Returns the ids of the letters that took effect at a node, by conversation, in order."""
    found = defaultdict(list)
    with contextlib.closing(sqlite3.connect(f"file:{database_of(node.folder)}?mode=ro", uri=True, timeout=60)) as read:
        for conversation, letter in read.execute("SELECT conversation, id FROM letter ORDER BY position"):
            found[conversation].append(letter)
    return found


def database_of(folder: Path) -> Path:
    """Returns the file of a node's post."""
    return folder / "data" / "post.sqlite"


def told(sent: list[str], found: list[str]) -> str:
    """Says what is wrong, in counts."""
    lost, twice = len(set(sent) - set(found)), len(found) - len(set(found))
    known = [one for one in dict.fromkeys(found) if one in set(sent)]
    jumped = sum(
        1 for one, other in zip(known, (one for one in sent if one in set(found)), strict=True) if one != other
    )
    return f"of {len(sent)} letters {lost} lost, {twice} twice, {jumped} out of order"
