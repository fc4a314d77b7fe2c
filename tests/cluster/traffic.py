"""People at work while pods come and go: what was acknowledged must be there once, at the end."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bp_client import AsyncBluePacific, Problem
from bp_node.scenario import letters
from tests.cluster.desks import CASES, Desk
from tests.cluster.region_on_cluster import Region

_RETRIED = ("UNAVAILABLE", "OVERLOADED", "DEADLINE_EXCEEDED", "STANDS_ELSEWHERE")
_AWAY = 503


@dataclass
class Traffic:
    """Writes drafts one after the other, several at once, each with its own key; repeats what was answered UNAVAILABLE.

    Attributes:
        client: Whose drafts they are.
        desk: What is written.
        mark: What their titles begin with.
        acknowledged: Titles whose creation was answered.
        retried: How often an answer was to try again, by reason.
        refused: Any other answer.
        longest_seconds: That a draft took, with all its tries.
    """

    client: AsyncBluePacific
    desk: Desk
    mark: str
    acknowledged: list[str] = field(default_factory=list)
    retried: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    longest_seconds: float = 0
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self, stop: asyncio.Event, writers: int = 3) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(writers):
                group.create_task(self._write(number, stop))

    async def go_on(self, count: int = 5, seconds: float = 180) -> None:
        """Returns when so many more were acknowledged: people work again."""
        wanted = len(self.acknowledged) + count
        async with asyncio.timeout(seconds), self._moved:
            await self._moved.wait_for(lambda: len(self.acknowledged) >= wanted)

    async def _write(self, writer: int, stop: asyncio.Event) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            await self._create(f"{self.mark} {writer}-{number}")
            await asyncio.sleep(0.05)

    async def _create(self, title: str) -> None:
        key, begun = letters.new_key(), time.monotonic()
        for _ in range(600):
            try:
                await self.desk.write(self.client, title, key)
            except Problem as problem:
                if problem.status == _AWAY and not problem.retry_after:
                    self.refused.append(f"{problem} does not say when to come again")
                if problem.reason in _RETRIED or problem.status == 0:
                    self.retried[problem.reason] += 1
                    await asyncio.sleep(0.2)
                    continue
                self.refused.append(str(problem))
            else:
                self.longest_seconds = max(self.longest_seconds, time.monotonic() - begun)
                self.acknowledged.append(title)
                async with self._moved:
                    self._moved.notify_all()
            return
        self.refused.append(f"{title}: never answered")

    async def kept(self) -> Counter[str]:
        """Returns how often each title is there."""
        found: Counter[str] = Counter()
        token = ""
        while True:
            titles, token = await self.desk.page(self.client, token)
            found.update(title for title in titles if title.startswith(self.mark))
            if not token:
                return found


@asynccontextmanager
async def working(region: Region, mark: str, desk: Desk = CASES) -> AsyncIterator[Traffic]:
    """Has somebody work within the block; afterwards nothing may be lost, refused or doubled."""
    async with AsyncBluePacific(region.url(desk.node)) as client:
        await client.sign_in(desk.officer.rpartition("/")[2], region.passwords[desk.officer])
        # A region may be used again, with what was written in it.
        traffic = Traffic(client.asking(purpose=letters.INVESTIGATION), desk, f"{mark} {secrets.token_hex(3)}")
        stop = asyncio.Event()
        going = asyncio.create_task(traffic.run(stop))
        try:
            await traffic.go_on()
            yield traffic
            await traffic.go_on()
        finally:
            stop.set()
            await going
        kept = await traffic.kept()
    lost = [title for title in traffic.acknowledged if kept[title] == 0]
    doubled = [title for title, count in kept.items() if count > 1]
    region.figures[mark] = {
        "written": len(traffic.acknowledged),
        "triedAgain": dict(traffic.retried),
        "refused": len(traffic.refused),
        "lost": len(lost),
        "doubled": len(doubled),
        "longestSeconds": round(traffic.longest_seconds, 1),
    }
    # Overload and deadlines are no pod's going: while pods roll, nothing but UNAVAILABLE is met.
    assert (traffic.refused, lost, doubled) == ([], [], [])
