"""Who is a member changes while links are up, or while a country is dark: nodes are revoked, registers grow old, certificates end."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

from tests.faults.nodes import Node, bluepacific
from tests.faults.region import Region
from tests.faults.scenes import clocks
from tests.faults.traffic import Conversation, arrivals

_CUT_SECONDS = 60.0


async def revoked(region: Region, chance: random.Random) -> str:
    """A node that is revoked while it is connected is cut off within a minute, and nothing more of it is taken; others go on."""
    centre = region.centre
    await _become(centre, [])
    try:
        async with region.joined(chance) as node:
            await node.start()
            before, after = Conversation(node, (region.fji,)), Conversation(node, (region.fji,))
            await before.say(3)
            await before.arrived()
            heard = len(centre.log())
            begun = time.monotonic()
            await bluepacific("node", "revoke", node.node_id, "--yes", "--dir", centre.folder)
            await told(centre, "link.down", since=heard, peer=node.node_id)
            seconds = time.monotonic() - begun
            assert seconds < _CUT_SECONDS, f"cut off after {seconds:.0f} s"
            await after.say(3)
            # It dials again, and is not let in.
            await told(centre, "link.refused", since=heard)
            others = Conversation(region.ton, (region.fji,))
            await others.say(3)
            await others.arrived()
            assert after.name not in arrivals(region.fji)
    finally:
        await _become(centre, ["--alone"])
    return f"cut off {seconds:.1f} s after the command began"


async def register_stale(region: Region, chance: random.Random) -> str:
    """A country that was dark for eight days has a stale register, goes on taking letters, and gets the new one when it is back."""
    heard = len(region.ton.log())
    saw = await clocks.dark(region, chance, days=8)
    lines = region.ton.log()[heard:]
    old = next(at for at, line in enumerate(lines) if line.get("event") == "register.old")
    assert lines[old]["standing"] == "STALE", lines[old]
    assert any(line.get("event") == "register.current" for line in lines[old:]), "it never got a new register"
    return saw


async def certificate_ended(region: Region, chance: random.Random) -> str:
    """A country's certificate ended while it was dark: its link is refused until it has renewed by itself; everything arrives."""
    file = region.ton.folder / "keys" / "exchange" / "certificate.pem"
    before = file.read_bytes()
    saw = await clocks.dark(region, chance, days=900)
    assert file.read_bytes() != before, "it still has the certificate that has ended"
    return saw


async def told(node: Node, event: str, *, since: int, seconds: float = 240, **values: Any) -> None:
    """Returns once a node's log has a line, of those after a number of lines."""
    wanted = {"event": event, **values}.items()
    async with asyncio.timeout(seconds):
        while not any(wanted <= line.items() for line in _flat(node.log()[since:])):  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.1)


def _flat(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if not isinstance(value, list)} for line in lines]


async def _become(node: Node, flags: list[str]) -> None:
    await node.stop()
    node.flags = flags
    await node.start()
