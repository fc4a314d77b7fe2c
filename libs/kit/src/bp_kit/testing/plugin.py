"""The pytest plugin: `harness` runs each test on both databases and over both transports."""

from __future__ import annotations

import pytest

from bp_kit.testing.harness import Harness

# Each database and each transport once; the other two pairs would only repeat them.
_PAIRS = [("sqlite", "inprocess"), ("postgres", "socket")]


@pytest.fixture(params=_PAIRS, ids="-".join)
def harness(request: pytest.FixtureRequest) -> Harness:
    """Runs a service on a fresh database; parametrised by database and transport."""
    return Harness(*request.param)
