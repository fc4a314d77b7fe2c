"""People at work at the centre while pods come and go: what was acknowledged must be there once, at the end."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bluepacific.cooperation.v1 import request_service_pb2
from bp_client import AsyncBluePacific, Problem
from bp_node.scenario import letters
from tests.cluster.nodes import CENTRE
from tests.cluster.region_on_cluster import Region

_RETRIED = ("UNAVAILABLE", "OVERLOADED", "DEADLINE_EXCEEDED")


@dataclass
class Traffic:
    """Writes drafts one after the other, several at once, each with its own key; repeats what was answered UNAVAILABLE.

    Attributes:
        acknowledged: Titles whose creation was answered.
        retried: How often an answer was to try again, by reason.
        refused: Any other answer.
    """

    client: AsyncBluePacific
    country: str
    mark: str
    acknowledged: list[str] = field(default_factory=list)
    retried: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
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
        wanted = request_service_pb2.CreateRequestRequest(
            parent=f"countries/{self.country}",
            request=letters.draft(title, [letters.SUVA], text="Please confirm."),
            request_id=letters.new_key(),
        )
        for _ in range(600):
            try:
                await self.client.cooperation.requests.CreateRequest(wanted)
            except Problem as problem:
                if problem.reason in _RETRIED or problem.status == 0:
                    self.retried[problem.reason] += 1
                    await asyncio.sleep(0.2)
                    continue
                self.refused.append(str(problem))
            else:
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
            asked = request_service_pb2.ListRequestsRequest(
                parent=f"countries/{self.country}", page_size=100, page_token=token
            )
            page = await self.client.cooperation.requests.ListRequests(asked)
            found.update(one.title for one in page.requests if one.title.startswith(self.mark))
            token = page.next_page_token
            if not token:
                return found


@asynccontextmanager
async def working(region: Region, mark: str) -> AsyncIterator[Traffic]:
    """Has somebody at the centre work within the block; afterwards nothing may be lost, refused or doubled."""
    async with AsyncBluePacific(region.url(CENTRE)) as client:
        await client.sign_in("lagi", region.passwords["countries/WSM/officers/lagi"])
        # A region may be used again, with what was written in it.
        traffic = Traffic(client.asking(purpose=letters.INVESTIGATION), "WSM", f"{mark} {secrets.token_hex(3)}")
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
    }
    # Overload and deadlines are no pod's going: while pods roll, nothing but UNAVAILABLE is met.
    assert (traffic.refused, lost, doubled) == ([], [], [])
