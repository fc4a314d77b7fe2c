from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from region_under_test import Region


@pytest.fixture(scope="package")
def region(tmp_path_factory):
    """One region for all tests of the folder; they may restart it, and leave it running."""
    running = Region(tmp_path_factory.mktemp("region") / "state")
    code = None
    try:
        running.start()
        running.wait_acquainted()
        yield running
    finally:
        code = running.stop()
    assert code == 0
