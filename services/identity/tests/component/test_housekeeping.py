import os
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from station import PASSWORDS, Browser

from bp_identity.adapters.keys import KeyFolder
from bp_identity.adapters.sign_in_tables import CodeRow, RefreshTokenRow, SessionRow, ThrottleRow
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.workers.housekeeping import Housekeeper
from bp_kit.ports import new_id


@pytest.fixture
def keys(station, tmp_path):
    return KeyFolder(tmp_path / "keys", new_id)


@pytest.fixture
def housekeeper(station, keys):
    under_test = station.under_test
    workshop = Workshop(under_test.service.database, under_test.seams, b"k" * 32, ("FJI", "TON"))
    return Housekeeper(workshop, keys, timedelta(days=90))


async def rows(station):
    async with station.under_test.service.database.read() as session:
        kinds = (SessionRow, RefreshTokenRow, CodeRow, ThrottleRow)
        return [await session.scalar(select(func.count()).select_from(kind)) for kind in kinds]


async def test_what_has_expired_goes_a_day_later(station, housekeeper):
    browser = Browser(station)
    await browser.redeem(await browser.sign_in("ana"))
    await station.refused(station.sign_in("ana", "guess"), "SIGN_IN_FAILED")
    # One attempt is counted by its name, each of the two by its password.
    assert await rows(station) == [1, 1, 1, 3]
    await housekeeper.tidy()
    assert await rows(station) == [1, 1, 1, 3]
    station.clock.passes(hours=12)
    await housekeeper.tidy()
    assert await rows(station) == [1, 1, 1, 0]
    station.clock.passes(hours=25)
    await housekeeper.tidy()
    assert await rows(station) == [0, 0, 0, 0]
    assert await station.sign_in("ana", PASSWORDS["ana"])


async def test_an_old_key_is_replaced_and_every_token_still_works(station, housekeeper, keys, tmp_path):
    before = await station.sign_in("ana")
    first = keys.signing_key().kid
    await housekeeper.tidy()
    assert keys.signing_key().kid == first
    file = next((tmp_path / "keys").glob("signing-*.json"))
    old = (station.clock.now - timedelta(days=91)).timestamp()
    os.utime(file, (old, old))
    await housekeeper.tidy()
    assert keys.signing_key().kid != first
    after = await station.sign_in("ana")
    station.clock.passes(seconds=11)
    for tokens in (after, before):
        assert (await station.me(station.bearing(tokens.access_token))).officer.name == tokens.officer
