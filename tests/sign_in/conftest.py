from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from front_door import open_front_door


@pytest.fixture
def front_door(harness, tmp_path):
    """Opens a node's gateway before its identity service: `async with front_door() as door`."""
    return lambda **options: open_front_door(harness, tmp_path, **options)


@pytest.fixture
async def door(front_door):
    async with front_door() as opened:
        yield opened
