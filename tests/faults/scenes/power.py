"""Power fails: what was acknowledged is there, what was not may be. Losing power is `kill -9`, and losing what was not synced."""

from __future__ import annotations

import asyncio
import hashlib
import random
import shutil
from pathlib import Path
from typing import Self

from tests.faults.nodes import Node
from tests.faults.region import Region
from tests.faults.shims import building, journal
from tests.faults.traffic import PATIENCE, Client, Conversation

# Nothing survives that was not synced; or half of it does, torn and in any order.
_KEPT = (0.0, 0.5)
_LETTERS = 60


async def letters_survive(region: Region, chance: random.Random) -> str:
    """Tonga loses power while letters come and go; the real node starts on what its disk has, and nothing is lost or doubled."""
    return await _letters(region, region.ton, chance, chance.choice(_KEPT))


async def normal_loses(region: Region, chance: random.Random) -> str:
    """The same with synchronous=NORMAL, which syncs only at checkpoints: shows that the test sees a loss when there is one."""
    # Not Tonga: its log would be another than its neighbours have witnessed.
    async with region.joined(chance) as node:
        await node.start()
        try:
            await _letters(region, node, chance, 0.0, "NORMAL")
        except AssertionError as lost:
            assert " lost" in str(lost), lost
            return f"with NORMAL, as expected: {lost}"
    raise AssertionError("nothing was lost with synchronous=NORMAL: this test could not fail")


async def _letters(region: Region, node: Node, chance: random.Random, keep: float, synchronous: str = "FULL") -> str:
    there, back = Conversation(region.fji, (node,)), Conversation(node, (region.fji,))
    await node.stop()
    async with _Powered(node, region.folder, synchronous) as powered, asyncio.TaskGroup() as tasks:
        saying = [tasks.create_task(one.say(_LETTERS, pause=0.01)) for one in (there, back)]
        enough = chance.randrange(20, _LETTERS)
        while len(there.taken) + len(back.taken) < enough:  # noqa: ASYNC110 - counted as they are taken
            await asyncio.sleep(0.01)
        await powered.fail(chance, keep)
        if synchronous == "NORMAL":
            # What was taken before must be enough to tell; a retry would hide it behind letters of later.
            for one in saying:
                one.cancel()
        await node.start()
    seconds = 10 if synchronous == "NORMAL" else PATIENCE
    await there.arrived(seconds)
    await back.arrived(seconds)
    return f"{len(there.taken) + len(back.taken)} letters, {keep:.0%} of what was not synced was kept"


async def files_survive(region: Region, chance: random.Random) -> str:
    """A file that the node has said it has is there after power failed."""
    tonga = region.ton
    content = chance.randbytes(700_000)
    given = region.folder / "given.bin"
    given.write_bytes(content)
    await tonga.stop()
    async with _Powered(tonga, region.folder, "FULL") as powered:
        client = Client(tonga)
        stored = await client.ask({"file": str(given)})
        client.close()
        await powered.fail(chance, chance.choice(_KEPT))
        digest = str(stored["digest"])
        kept = tonga.folder / "blobs" / digest[:2] / digest
        assert kept.exists(), "a stored file is lost"
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == hashlib.sha256(content).hexdigest() == digest
    await tonga.start()
    return f"{len(content)} bytes"


async def keys_survive(region: Region, chance: random.Random) -> str:
    """A node that said it is made and enrolled is so after power failed: its keys are those that the centre believes."""
    folder = region.folder / f"power-{chance.randrange(1 << 30)}"
    node = Node(folder, region.new_country(chance), region.centre.link)
    folder.mkdir()
    lost, kept = folder.with_suffix(".lost"), folder.with_suffix(".journal")
    environment = building.journalled(folder, kept)
    shutil.copytree(folder, lost)
    made = await node.make(environment)
    await node.enrol(region.centre, environment)
    journal.lose_power(folder, lost, kept, chance=chance, keep=chance.choice(_KEPT))
    (folder / "run").mkdir(exist_ok=True)
    conversation = Conversation(node, (region.fji,))
    try:
        await node.start()
        await conversation.say(3)
        await conversation.arrived()
    finally:
        await node.kill()
        shutil.rmtree(folder)
    return f"keys {made['fingerprint']}"


class _Powered:
    """A node whose changes are journalled; it is stopped before, and runs within the block until power fails."""

    def __init__(self, node: Node, folder: Path, synchronous: str) -> None:
        self._node = node
        self._baseline, self._journal = folder / "baseline", folder / "journal"
        self._environment, self._flags = dict(node.environment), list(node.flags)
        self._synchronous = synchronous

    async def __aenter__(self) -> Self:
        shutil.rmtree(self._baseline, ignore_errors=True)
        self._journal.unlink(missing_ok=True)
        self._node.copy(self._baseline)
        self._node.environment |= building.journalled(self._node.folder, self._journal)
        self._node.flags += ["--synchronous", self._synchronous]
        await self._node.start()
        return self

    async def fail(self, chance: random.Random, keep: float) -> None:
        """Power fails; the folder is then what the disk has."""
        await self._node.kill()
        self._node.environment, self._node.flags = self._environment, self._flags
        await asyncio.to_thread(
            journal.lose_power, self._node.folder, self._baseline, self._journal, chance=chance, keep=keep
        )

    async def __aexit__(self, *_: object) -> None:
        self._node.environment, self._node.flags = self._environment, self._flags
