"""Schedules that failed once, each with what was wrong. A seed means the same for as long as the simulator draws the same from it."""

import pytest

from tests.simulation.playing import play


@pytest.mark.parametrize(
    "seed",
    [
        # Nobody sent again what a restored node had lost; its ladders elsewhere said DELIVERED.
        1,
        11,
        29,
        40,
        # A restored centre had lost a file on its way whose message had arrived: nobody gave it the file again.
        223,
        # Sealed anew after a restore, a message was refused with DIGEST_DIFFERS by who had it, and its ladder ended at REFUSED.
        47,
        2112,
        # The centre, a recipient itself, took such a message for known, and those that it relays to were never asked.
        2088,
    ],
)
def test_a_schedule_that_failed_once(seed):
    assert play(seed).violations == []
