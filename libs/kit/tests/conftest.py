import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
async def shelf(harness):
    from bp_shelf.app import ShelfSettings, build

    async with harness.run(build, ShelfSettings) as under_test:
        yield under_test
