import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_exchange.protocol.merkle import Edge, leaf_hash, root_of

# The reference leaves and roots of Certificate Transparency's own tests (RFC 6962).
LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


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
