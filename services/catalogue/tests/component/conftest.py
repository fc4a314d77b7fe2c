from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from office import Office

from bp_catalogue.app import build
from bp_catalogue.settings import CatalogueSettings


@pytest.fixture
def open_office(harness):
    """Runs the service of a country: `async with open_office("FJI") as fji`."""

    @asynccontextmanager
    async def opened(country, **values):
        settings = {"uptake_interval": timedelta(milliseconds=20)} | values
        async with harness.run(build, CatalogueSettings, country=country, **settings) as under_test:
            yield Office(under_test, country)

    return opened


@pytest.fixture
async def wsm(open_office):
    async with open_office("WSM") as office:
        yield office


@pytest.fixture
async def fji(open_office):
    async with open_office("FJI") as office:
        yield office


@pytest.fixture
async def stocked(wsm, fji):
    """Fiji's office, with the catalogue that the centre published."""
    await wsm.publish()
    await wsm.pass_on("bluepacific.catalogue.v1.capabilities.published", fji)
    return fji
