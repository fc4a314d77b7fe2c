import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def gateway_with(harness):
    """Runs a gateway with other settings: `async with gateway_with(body_bytes=100) as gateway`."""
    from bp_library.serving import running

    return lambda **settings: running(harness, **settings)


@pytest.fixture
async def gateway(gateway_with):
    async with gateway_with() as found:
        yield found
