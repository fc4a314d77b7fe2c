import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from classroom import Classroom

from bp_training.app import build
from bp_training.settings import TrainingSettings


@pytest.fixture
def open_classroom(harness, tmp_path):
    """Runs the service of a country: `async with open_classroom("TON") as ton`."""

    @asynccontextmanager
    async def opened(country, **values):
        settings = {"key_dir": tmp_path / f"keys-{uuid.uuid4()}", "participation_interval": timedelta(milliseconds=20)}
        async with harness.run(build, TrainingSettings, country=country, **(settings | values)) as under_test:
            yield Classroom(under_test, country)

    return opened


@pytest.fixture
async def wsm(open_classroom):
    async with open_classroom("WSM") as classroom:
        yield classroom


@pytest.fixture
async def ton(open_classroom):
    async with open_classroom("TON") as classroom:
        yield classroom


@pytest.fixture
def noon():
    return datetime(2026, 5, 4, 12, tzinfo=UTC)
