from hypothesis import given
from hypothesis import strategies as st

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.protocol.words import fingerprint, word


def test_the_published_words():
    """127.0.0.1 and 63.84.220.193, from the proposal that proquints come from."""
    assert (word(0x7F00), word(0x0001)) == ("lusab", "babad")
    assert (word(0x3F54), word(0xDCC1)) == ("gutih", "tugad")


def test_no_two_numbers_have_the_same_word():
    assert len({word(number) for number in range(65536)}) == 65536


@given(st.sampled_from(["node_id", "sign_key", "hpke_key", "tls_key_sha256"]))
def test_every_part_of_a_node_changes_its_words(field):
    node = register_pb2.Node(node_id="fji", sign_key=b"a", hpke_key=b"b", tls_key_sha256=b"c")
    other = register_pb2.Node(node_id="fji", sign_key=b"a", hpke_key=b"b", tls_key_sha256=b"c")
    setattr(other, field, "ton" if field == "node_id" else b"x")
    assert fingerprint(node) != fingerprint(other)
    assert len(fingerprint(node).split()) == 6
