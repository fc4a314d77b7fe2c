import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from merkle_vectors import LEAVES, ROOTS

from bp_exchange.protocol.merkle import Edge, root_of
from bp_verify.merkle import leaf_hash


@pytest.mark.parametrize("size", range(1, 9))
def test_the_public_vectors(size):
    hashes = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:size]]
    edge = Edge()
    for one in hashes:
        edge = edge.append(one)
    assert edge.root().hex() == ROOTS[size - 1]
    assert root_of(hashes).hex() == ROOTS[size - 1]


def test_an_empty_log_has_the_root_of_nothing():
    assert Edge().root() == root_of([]) == hashlib.sha256(b"").digest()


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_the_edge_is_the_tree(entries):
    edge = Edge()
    for entry in entries:
        edge = edge.append(leaf_hash(entry))
    assert edge.root() == root_of([leaf_hash(entry) for entry in entries])
    assert len(edge.roots) == edge.size.bit_count()
