"""A selection of scenes, played once: small enough for every run. `make faults` plays all of them, longer and more often."""

import random

import pytest
import pytest_asyncio

from tests.faults.region import Region
from tests.faults.scenes import disks, killing, links, power
from tests.faults.shims import building

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(1200),
    # One region for all of them.
    pytest.mark.xdist_group("faults"),
    pytest.mark.skipif(not building.can_build(), reason="the shims need gcc"),
]
_MIB = 1024 * 1024


@pytest.fixture(scope="module")
def chance():
    return random.Random(4)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def region(tmp_path_factory):
    async with Region(tmp_path_factory.mktemp("faults")) as made:
        yield made


async def test_acknowledged_letters_arrive_once_and_in_order_whoever_is_killed(region, chance):
    assert "3 kills" in await killing.killed_at_random(region, chance, kills=3)


async def test_a_node_that_stands_still_holds_up_nobody(region, chance):
    assert await links.stopped(region, chance)


async def test_a_cut_costs_a_chunk_of_a_file(region, chance):
    assert "2 MiB" in await links.file_over_cuts(region, chance, size=2 * _MIB, cuts=4)


async def test_what_was_acknowledged_survives_a_power_failure(region, chance):
    assert await power.letters_survive(region, chance)


async def test_a_power_failure_is_seen_where_sqlite_is_less_careful(region, chance):
    assert "lost" in await power.normal_loses(region, chance)


async def test_a_stored_file_survives_a_power_failure(region, chance):
    assert await power.files_survive(region, chance)


async def test_keys_and_enrolment_survive_a_power_failure(region, chance):
    assert await power.keys_survive(region, chance)


@pytest.mark.skipif(not disks.can_mount(), reason="only root may mount a small disk")
async def test_a_full_disk_acknowledges_nothing_that_is_not_stored(region, chance):
    assert "refusals" in await disks.full(region, chance)
