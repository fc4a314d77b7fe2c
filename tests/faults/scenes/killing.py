"""Nodes are killed at any moment, links cut and frames doubled, while letters go every way."""

from __future__ import annotations

import asyncio
import random

from tests.faults.nodes import Node
from tests.faults.region import Region
from tests.faults.traffic import Conversation

_LONGEST_LIFE = 1.5
_PAUSE = 0.05


async def killed_at_random(region: Region, chance: random.Random, kills: int = 6) -> str:
    """Each acknowledged letter takes effect once and in order, whoever is killed: both ends and the centre."""
    for node in region.nodes:
        await _restart(node, ["--mischief", str(chance.randrange(1 << 30))])
    fiji, tonga, centre = region.fji, region.ton, region.centre
    conversations = [Conversation(fiji, (tonga,)), Conversation(tonga, (fiji, centre)), Conversation(centre, (tonga,))]
    left = iter(range(kills))
    async with asyncio.TaskGroup() as killing:
        killers = [killing.create_task(_kill(node, left, chance)) for node in region.nodes]
        cutting = killing.create_task(_cut(region, chance))
        saying = [killing.create_task(_chat(one)) for one in conversations]
        await asyncio.wait(killers)
        cutting.cancel()
        await asyncio.wait(saying, timeout=_PAUSE)
        for one in conversations:
            one.enough = True
    for one in conversations:
        await one.arrived()
    for node in region.nodes:
        await _restart(node, [])
    letters = sum(len(one.taken) for one in conversations)
    return f"{kills} kills, {region.cuts} cuts: {letters} letters, 0 lost, 0 twice, 0 out of order"


async def _restart(node: Node, mischief: list[str]) -> None:
    await node.stop()
    node.flags = [flag for flag in node.flags if flag == "--alone"] + mischief
    await node.start()


async def _chat(conversation: Conversation) -> None:
    """Talks until somebody has had enough."""
    while not conversation.enough:
        await conversation.say(1, pause=_PAUSE)


async def _kill(node: Node, left: object, chance: random.Random) -> None:
    for _ in left:  # type: ignore[attr-defined]
        await asyncio.sleep(chance.uniform(0, _LONGEST_LIFE))
        await node.kill()
        await node.start()


async def _cut(region: Region, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.uniform(0, 2 * _LONGEST_LIFE))
        chance.choice(list(region.links.values())).cut()
