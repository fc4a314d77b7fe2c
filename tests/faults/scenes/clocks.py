"""Time: nodes that were dark for weeks, and clocks that are hours apart."""

from __future__ import annotations

import asyncio
import random

from tests.faults.nodes import Node
from tests.faults.region import Region
from tests.faults.shims import building
from tests.faults.traffic import Conversation

_DAY, _HOUR = 86_400, 3_600


async def dark(region: Region, chance: random.Random, days: int | None = None) -> str:
    """A country is dark for 40 or 90 days; when it comes back, everything that was owed arrives, in order, both ways."""
    days = days or chance.choice([40, 90])
    there, back = Conversation(region.fji, (region.ton,)), Conversation(region.ton, (region.fji,))
    link = region.links["ton"]
    link.unplug()
    try:
        for one in (there, back):
            await one.say(20)
        for node in region.nodes:
            await _restart(node, days * _DAY)
        for one in (there, back):
            await one.say(5)
        link.plug()
        await there.arrived()
        await back.arrived()
    finally:
        link.plug()
        for node in region.nodes:
            await _restart(node, 0)
    return f"{days} days, {len(there.taken) + len(back.taken)} letters"


async def hours_apart(region: Region, chance: random.Random) -> str:
    """Two countries whose clocks are hours apart, either way, hear each other in order."""
    ahead, behind = chance.uniform(2, 20), -chance.uniform(2, 20)
    there, back = Conversation(region.fji, (region.ton,)), Conversation(region.ton, (region.fji,))
    try:
        await _restart(region.fji, ahead * _HOUR)
        await _restart(region.ton, behind * _HOUR)
        async with asyncio.TaskGroup() as tasks:
            for one in (there, back):
                tasks.create_task(one.say(15))
        await there.arrived()
        await back.arrived()
    finally:
        for node in region.countries:
            await _restart(node, 0)
    return f"{ahead:+.1f} h and {behind:+.1f} h"


async def _restart(node: Node, ahead: float) -> None:
    await node.stop()
    kept = {name: value for name, value in node.environment.items() if name not in building.CLOCK}
    node.environment = kept | (building.clock_ahead(ahead) if ahead else {})
    await node.start()
