import tempfile
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from station import ISSUER, OTHER_SEED, SEED, Clock, Station

from bp_identity.app import bootstrap, build
from bp_identity.settings import IdentitySettings
from bp_kit.issuer import RemoteIssuer
from bp_kit.keys import RemoteKeys
from bp_kit.ports import Seams
from bp_kit.testing.databases import Planted
from bp_kit.testing.tokens import TestKeys


class _Keys:
    """Identity's own keys, asked for as every service does, and the test run's."""

    def __init__(self, clock):
        self.channel = None
        self._own = RemoteKeys(ISSUER, RemoteIssuer(lambda: self.channel), monotonic=lambda: clock().timestamp())

    async def find(self, key_id):
        return await TestKeys().find(key_id) or await self._own.find(key_id)

    async def voided(self, holder):
        return await self._own.voided(holder)


async def _plant(seeds, url):
    """Puts people there once a test run: their passwords' hashes alone cost more than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        settings = IdentitySettings(database_url=url, key_dir=Path(folder), public_url=ISSUER, countries=("FJI", "TON"))
        # A while ago: whatever somebody is given voids the tokens they had.
        seams = Seams("FJI", None, None, None, None, clock=lambda: datetime.now(UTC) - timedelta(minutes=1))
        for seed in seeds:
            await bootstrap(settings, seams, seed)


@pytest.fixture
def open_station(harness, tmp_path):
    """Runs a node's identity service: `async with open_station() as station`."""

    @asynccontextmanager
    async def opened(*, seeds=(SEED, OTHER_SEED), workers=True, **values):
        clock = Clock()
        keys = _Keys(clock)
        settings = {"key_dir": tmp_path / "keys", "public_url": ISSUER, "countries": ("FJI", "TON")} | values
        planted = Planted(seeds, partial(_plant, seeds))
        seams = {"clock": clock, "keys": keys}
        async with harness.run(
            build, IdentitySettings, workers=workers, seams=seams, planted=planted, **settings
        ) as under_test:
            keys.channel = under_test.node_channel
            yield Station(under_test, clock)

    return opened


@pytest.fixture
async def station(open_station):
    async with open_station() as opened:
        yield opened
