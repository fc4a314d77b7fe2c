"""People at work at the centre while pods come and go: what was acknowledged must be there once, at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from bluepacific.cooperation.v1 import request_service_pb2
from bp_client import AsyncBluePacific, Problem
from bp_node.scenario import letters

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

    async def until(self, count: int) -> None:
        """Returns when so many were acknowledged."""
        async with self._moved:
            await self._moved.wait_for(lambda: len(self.acknowledged) > count)

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
