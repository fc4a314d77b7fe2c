import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_exchange.protocol.filecipher import CHUNK_BYTES, TAG_BYTES, decrypt, encrypt, sealed_size
from bp_exchange.protocol.refusal import Ground, RefusedItemError

KEY = bytes(range(32))
STEP = CHUNK_BYTES + TAG_BYTES


async def parts(raw, size):
    for at in range(0, len(raw), size):
        yield raw[at : at + size]


async def joined(chunks):
    return b"".join([chunk async for chunk in chunks])


async def sealed(plain, size=10_000):
    return await joined(encrypt(parts(plain, size), KEY))


async def refused(raw):
    with pytest.raises(RefusedItemError) as error:
        await joined(decrypt(parts(raw, 10_000), KEY))
    return error.value.ground is Ground.BAD_SEAL


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
async def test_a_file_comes_back_whole(size):
    plain = os.urandom(size)
    raw = await sealed(plain)
    assert len(raw) == sealed_size(size)
    assert await joined(decrypt(parts(raw, 777), KEY)) == plain


@given(st.integers(0, 200_000), st.integers(1_000, 100_000), st.integers(1_000, 100_000))
async def test_it_may_be_cut_anywhere_on_its_way(size, first, second):
    plain = b"x" * size
    raw = await sealed(plain, first)
    assert await joined(decrypt(parts(raw, second), KEY)) == plain


async def test_a_changed_byte_is_refused():
    raw = bytearray(await sealed(os.urandom(3 * CHUNK_BYTES)))
    raw[CHUNK_BYTES + 5] ^= 1
    assert await refused(bytes(raw))


async def test_chunks_that_changed_places_are_refused():
    raw = await sealed(os.urandom(3 * CHUNK_BYTES))
    assert await refused(raw[STEP : 2 * STEP] + raw[:STEP] + raw[2 * STEP :])


@pytest.mark.parametrize("kept", [1, 2])
async def test_a_file_that_was_cut_off_is_refused(kept):
    raw = await sealed(os.urandom(3 * CHUNK_BYTES))
    assert await refused(raw[: kept * STEP])


async def test_a_file_that_was_added_to_is_refused():
    raw = await sealed(os.urandom(CHUNK_BYTES))
    assert await refused(raw + raw)


async def test_nothing_at_all_is_refused():
    assert await refused(b"")
