"""How large an envelope may be on a link of some pace."""

import pytest

from bluepacific.common.v1 import handling_pb2
from bp_exchange.usecases.sealing import room_for

KIB = 1024
ROUTINE, BULK = handling_pb2.URGENCY_ROUTINE, handling_pb2.URGENCY_BULK


@pytest.mark.parametrize(
    ("urgency", "pace", "room"),
    [
        (ROUTINE, None, 16 * KIB),
        (ROUTINE, 16 * KIB, 16 * KIB),
        (ROUTINE, 64 * KIB, 32 * KIB),
        (ROUTINE, 10 * KIB * KIB, 64 * KIB),
        (BULK, 64 * KIB, 32 * KIB),
        (BULK, 10 * KIB * KIB, 256 * KIB),
    ],
)
def test_an_envelope_takes_half_a_second_of_its_link(urgency, pace, room):
    assert room_for(urgency, pace) == room
