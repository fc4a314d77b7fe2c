import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluepacific.exchange.v1 import medium_pb2
from bp_exchange.protocol.medium import (
    LENGTH_BYTES,
    MAGIC,
    MAX_BLOCK_BYTES,
    BlockReader,
    MediumRefusedError,
    network_of,
    sign_block,
    verify_block,
)

NETWORK = network_of(b"the first root")
ITEM = "0190a0a0-0000-7000-8000-000000000001"


def content(**fields):
    usual = {
        "version": 1,
        "network": NETWORK,
        "from_node": "fji",
        "to_node": "ptccc",
        "medium_id": ITEM,
        "number": 3,
    }
    return medium_pb2.MediumContent(**(usual | fields))


def block_of(signed):
    return signed[LENGTH_BYTES:]


@pytest.fixture
def check(society):
    def verify(raw, own="ptccc", directory=society.directory):
        return verify_block(raw, directory=directory, own=own, network=NETWORK)

    return verify


@pytest.fixture
def fji(society):
    return society.keys["fji"]


def refusal(check, raw, **how):
    with pytest.raises(MediumRefusedError) as refused:
        check(raw, **how)
    return refused.value.reason


def test_a_peers_block_is_read(check, fji):
    signed = sign_block(content(ack=medium_pb2.MediumAck(stored=[ITEM])), fji)
    read = check(block_of(signed))
    assert (read.from_node, read.number, list(read.ack.stored)) == ("fji", 3, [ITEM])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"version": 2}, "MEDIUM_UNREADABLE"),
        ({"network": b"another"}, "MEDIUM_OF_ANOTHER_NETWORK"),
        ({"from_node": "nobody"}, "MEDIUM_SENDER_NOT_TRUSTED"),
        ({"from_node": "ton"}, "MEDIUM_DAMAGED"),
        ({"to_node": "ton"}, "MEDIUM_FOR_ANOTHER_NODE"),
        ({"medium_id": "x"}, "MEDIUM_DAMAGED"),
        ({"number": 2**32 - 1}, "MEDIUM_DAMAGED"),
        ({"ack": medium_pb2.MediumAck(stored=["not an id"])}, "MEDIUM_DAMAGED"),
        ({"items": [medium_pb2.MediumItem(item_id=ITEM)] * 65}, "MEDIUM_DAMAGED"),
        ({"items": [medium_pb2.MediumItem(item_id="\0")]}, "MEDIUM_DAMAGED"),
    ],
)
def test_what_is_not_for_this_node_to_take_is_refused(check, fji, fields, reason):
    assert refusal(check, block_of(sign_block(content(**fields), fji))) == reason


def test_countries_take_from_the_centre_only(check, fji):
    assert refusal(check, block_of(sign_block(content(to_node="ton"), fji)), own="ton") == "MEDIUM_SENDER_NOT_TRUSTED"


def test_a_revoked_node_is_not_believed(check, fji, society):
    signed = block_of(sign_block(content(), fji))
    without = society.directory_of(revoked=["fji"])
    assert refusal(check, signed, directory=without) == "MEDIUM_SENDER_NOT_TRUSTED"


@given(at=st.integers(0), bit=st.integers(0, 7))
def test_no_bit_of_what_is_signed_can_be_changed(society, at, bit):
    block = medium_pb2.MediumBlock.FromString(block_of(sign_block(content(), society.keys["fji"])))
    changed = bytearray(block.content)
    changed[at % len(changed)] ^= 1 << bit
    block.content = bytes(changed)
    with pytest.raises(MediumRefusedError):
        verify_block(block.SerializeToString(), directory=society.directory, own="ptccc", network=NETWORK)


@given(st.lists(st.binary(min_size=1, max_size=200)), st.lists(st.integers(1, 300)))
def test_blocks_come_out_however_the_bytes_are_cut(blocks, cuts):
    medium = MAGIC + b"".join(len(block).to_bytes(LENGTH_BYTES) + block for block in blocks)
    reader, found, at = BlockReader(), [], 0
    for size in [*cuts, len(medium)]:
        found += reader.feed(medium[at : at + size])
        at += size
    assert found == blocks
    assert reader.is_medium
    assert not reader.leftover
    assert not reader.broken


@given(st.binary(max_size=500))
def test_whatever_is_read_nothing_breaks_and_little_is_held(junk):
    for medium in (junk, MAGIC + junk):
        reader = BlockReader()
        for block in reader.feed(medium):
            assert 0 < len(block) <= MAX_BLOCK_BYTES
        assert reader.feed(b"") == []


def test_an_impossible_length_ends_the_reading():
    reader = BlockReader()
    assert reader.feed(MAGIC + (MAX_BLOCK_BYTES + 1).to_bytes(LENGTH_BYTES) + bytes(100)) == []
    assert reader.broken
    assert reader.feed(bytes(100)) == []
