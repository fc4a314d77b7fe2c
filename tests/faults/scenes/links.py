"""What links and their ends do short of dying: stand still, hear nothing, or be cut again and again."""

from __future__ import annotations

import asyncio
import hashlib
import random
import signal
from collections.abc import Sequence

from tests.faults.nodes import Node
from tests.faults.proxy import Way
from tests.faults.region import Region
from tests.faults.traffic import Client, Conversation

_MIB = 1024 * 1024
# A chunk that is encrypted and resumed as one; see protocol/filecipher.py.
_CHUNK = 64 * 1024
_RATE = 20_000_000
# What may be on its way beside it when a link is cut: what the proxy and the four kernel buffers hold.
_FLIGHT = 192 * 1024


async def stopped(region: Region, chance: random.Random) -> str:
    """A node that stands still (SIGSTOP) holds up nobody else; its own lane goes on when it does."""
    tonga = region.ton
    hers, others = Conversation(region.fji, (tonga,)), Conversation(region.fji, (region.centre,))
    back = Conversation(region.centre, (region.fji,))
    await hers.say(5)
    tonga.signal(signal.SIGSTOP)
    try:
        async with asyncio.TaskGroup() as tasks:
            for one in (hers, others, back):
                tasks.create_task(one.say(20))
        await others.arrived()
        await back.arrived()
    finally:
        tonga.signal(signal.SIGCONT)
    await hers.arrived()
    return f"{len(others.taken) + len(back.taken)} letters of others meanwhile"


async def half_open(region: Region, chance: random.Random) -> str:
    """A link that passes nothing, one way or both, is noticed and dialled again, and everything comes when it passes again."""
    link = region.links["ton"]
    ways: list[Way] = chance.choice([[link.up], [link.down], [link.up, link.down]])
    there, back = Conversation(region.fji, (region.ton,)), Conversation(region.ton, (region.fji,))
    await there.say(2)
    await there.arrived()
    dialled = link.accepted
    for way in ways:
        way.hold()
    try:
        async with asyncio.TaskGroup() as tasks:
            for one in (there, back):
                tasks.create_task(one.say(10))
        async with asyncio.timeout(120):
            while link.accepted == dialled:  # noqa: ASYNC110 - the proxy counts and rings no bell
                await asyncio.sleep(0.1)
    finally:
        link.release()
    await there.arrived()
    await back.arrived()
    names = " and ".join("up" if way is link.up else "down" for way in ways)
    return f"held {names}"


async def file_over_cuts(region: Region, chance: random.Random, size: int = 20 * _MIB, cuts: int = 20) -> str:
    """A file arrives over a link that is cut again and again; a cut costs a chunk at most, and nobody holds the file in memory."""
    given = region.folder / "given.bin"
    given.write_bytes(chance.randbytes(size))
    digest = hashlib.sha256(given.read_bytes()).hexdigest()
    here = region.ton.folder / "blobs" / digest[:2] / digest
    link = region.links["ton"]
    conversation = Conversation(region.fji, (region.ton,))
    await conversation.say(20)
    await conversation.arrived()
    memory = Memory(region.nodes)
    client = Client(region.fji)
    # A short queue, so that a cut costs what the protocol loses and not what waits in a router.
    link.both(rate=_RATE, queue=0.01)
    try:
        announced = await client.ask({"file": str(given)})
        before, cut = link.down.carried, link.cuts
        link.down.cut_after([size // (cuts + 1)] * cuts)
        await conversation.say(1, blob=announced)
        async with asyncio.timeout(600):
            while not here.exists():
                memory.look()
                await asyncio.sleep(0.05)
        carried, made = link.down.carried - before, link.cuts - cut
    finally:
        link.both(rate=None, queue=0.1)
        link.down.cuts.clear()
        client.close()
    assert hashlib.sha256(here.read_bytes()).hexdigest() == digest
    await conversation.arrived()
    assert made >= cuts, f"only {made} cuts"
    again = carried - size
    assert again <= made * (_CHUNK + _FLIGHT), f"{again:,} bytes more than the file over {made} cuts"
    assert memory.grown < 64 * _MIB, f"a node took {memory.grown // _MIB} MiB more than idle"
    return (
        f"{size // _MIB} MiB, {made} cuts, {again // 1024} KiB more than the file, memory +{memory.grown // _MIB} MiB"
    )


class Memory:
    """What nodes have taken at most since it was made.

    Attributes:
        grown: Bytes, of the node that grew most.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._idle = {node: node.resident() for node in nodes}
        self.grown = 0

    def look(self) -> None:
        """Looks now."""
        self.grown = max(self.grown, *(node.resident() - idle for node, idle in self._idle.items()))
