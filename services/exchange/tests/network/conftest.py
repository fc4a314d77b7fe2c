import pytest
from raw_link import Raw


@pytest.fixture
async def fiji(network):
    """Fiji's node is away, and the test has its link."""
    raw = Raw(network)
    await network.fji.stop()
    async with raw:
        yield raw
