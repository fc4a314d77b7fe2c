import os
from datetime import timedelta

from bp_exchange.adapters.files import SealedStore
from bp_kit.ports import system_clock

DIGEST, OTHER = "ab" * 32, "cd" * 32


async def test_what_arrived_in_part_and_was_left_is_dropped_in_time(tmp_path):
    store = SealedStore(tmp_path / "sealed")
    await store.write(DIGEST, 0, b"x")
    await store.imported().write(DIGEST, 0, b"x")
    await store.write(OTHER, 0, b"x")
    (tmp_path / "sealed" / OTHER).write_bytes(b"whole")
    long_ago = (system_clock() - timedelta(days=101)).timestamp()
    for left in (tmp_path / "sealed").rglob(f"{DIGEST}.part"):
        os.utime(left, (long_ago, long_ago))
    os.utime(tmp_path / "sealed" / OTHER, (long_ago, long_ago))
    assert await store.drop_leftovers(system_clock() - timedelta(days=100)) == 2
    assert await store.have(DIGEST) == await store.imported().have(DIGEST) == 0
    # What still arrives, and what is whole, stays.
    assert await store.have(OTHER) == 1
    assert await store.read(OTHER, 0, 10) == b"whole"
