import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
async def network(tmp_path):
    from net import Network

    async with Network(tmp_path) as running:
        yield running
