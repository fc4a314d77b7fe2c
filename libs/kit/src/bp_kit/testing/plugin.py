"""The pytest plugin: `harness` runs each test on both databases and over both transports; canaries are watched during every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bp_kit.testing.canaries import WATCH, Watch, watching
from bp_kit.testing.harness import Harness

# Each database and each transport once; the other two pairs would only repeat them.
_PAIRS = [("sqlite", "inprocess"), ("postgres", "socket")]


@pytest.fixture(params=_PAIRS, ids="-".join)
def harness(request: pytest.FixtureRequest) -> Harness:
    """Runs a service on a fresh database; parametrised by database and transport."""
    return Harness(*request.param)


@pytest.fixture(scope="session")
def _canaries_watched() -> Iterator[Watch]:
    with watching() as watch:
        yield watch


@pytest.fixture(autouse=True)
def canaries(_canaries_watched: Watch) -> Iterator[Watch]:
    """Fails a test during which a planted value is told where it may not be."""
    WATCH.begin()
    yield WATCH
    assert not WATCH.leaks, f"told where it may not be: {sorted(set(WATCH.leaks))}"
