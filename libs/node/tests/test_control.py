from __future__ import annotations

import pytest

from bp_node.failure import CommandError
from bp_node.region.control import ask, listening
from bp_node.region.process import NodeProcess


async def test_a_node_is_held_and_released(tmp_path):
    process = NodeProcess("ton", tmp_path, {})
    async with listening({"ton": process}) as socket:
        assert await ask(socket, "state", "ton") == {"pid": None, "ready": False, "restarts": 0}
        await ask(socket, "hold", "ton")
        assert not process._wanted.is_set()
        await ask(socket, "release", "ton")
        assert process._wanted.is_set()


@pytest.mark.parametrize(("verb", "node", "says"), [("burn", "ton", "no burn"), ("hold", "nzl", "ask for hold")])
async def test_what_cannot_be_asked_is_told(tmp_path, verb, node, says):
    async with listening({"ton": NodeProcess("ton", tmp_path, {})}) as socket:
        with pytest.raises(CommandError, match=says):
            await ask(socket, verb, node)


async def test_no_region_is_told(tmp_path):
    with pytest.raises(CommandError, match="does not answer"):
        await ask(tmp_path / "none.sock", "state", "ton")
