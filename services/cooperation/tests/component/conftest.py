from contextlib import asynccontextmanager

import pytest
from bureau import Bureau

from bp_cooperation.app import build
from bp_cooperation.settings import CooperationSettings


@pytest.fixture
def open_bureau(harness):
    """Runs the service of a country: `async with open_bureau("TON") as ton`."""

    @asynccontextmanager
    async def opened(country, seams=None, **values):
        async with harness.run(build, CooperationSettings, country=country, seams=seams, **values) as under_test:
            bureau = Bureau(under_test, country)
            await bureau.learn_units()
            yield bureau

    return opened


@pytest.fixture
async def fji(open_bureau):
    async with open_bureau("FJI") as bureau:
        yield bureau


@pytest.fixture
async def ton(open_bureau):
    async with open_bureau("TON") as bureau:
        yield bureau


@pytest.fixture
async def wsm(open_bureau):
    async with open_bureau("WSM") as bureau:
        yield bureau
