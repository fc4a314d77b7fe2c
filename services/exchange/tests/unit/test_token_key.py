from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.protocol.keys import NodeKeys, SealingKey
from bp_exchange.protocol.register import Directory
from bp_exchange.protocol.token_key import certify, check
from bp_kit.errors import Refused

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PUBLIC = bytes(range(32))
SIGN = Ed25519PrivateKey.generate()
KEYS = NodeKeys("fji", SIGN, SealingKey.generate())
NEW_KEY = Ed25519PrivateKey.generate().public_key().public_bytes_raw()


def directory(**fields):
    values = {"node_id": "fji", "countries": ["FJI"], "sign_key": SIGN.public_key().public_bytes_raw()}
    return Directory(register_pb2.Register(nodes=[register_pb2.Node(**(values | fields))]))


def replaced(**fields):
    previous = register_pb2.PreviousKeys(sign_key=SIGN.public_key().public_bytes_raw(), **fields)
    return directory(sign_key=NEW_KEY, previous_keys=[previous])


def test_a_certificate_names_key_and_node():
    said, node = check(certify(KEYS, PUBLIC, NOW), directory(), NOW)
    assert (said.public_key, node.node_id) == (PUBLIC, "fji")


def test_a_replaced_key_counts_until_it_is_retired():
    certificate = certify(KEYS, PUBLIC, NOW)
    assert check(certificate, replaced(), NOW)
    with pytest.raises(Refused, match="NODE_NOT_TRUSTED"):
        check(certificate, replaced(retired=True), NOW)


@pytest.mark.parametrize(
    ("known", "passed"),
    [
        (directory(revoked=True), timedelta(0)),
        (directory(node_id="ton"), timedelta(0)),
        (directory(sign_key=NEW_KEY), timedelta(0)),
        (directory(), timedelta(hours=2)),
        (directory(), timedelta(hours=-2)),
    ],
    ids=["revoked", "unknown", "another-key", "over", "early"],
)
def test_what_does_not_count(known, passed):
    with pytest.raises(Refused, match="NODE_NOT_TRUSTED"):
        check(certify(KEYS, PUBLIC, NOW), known, NOW + passed)


@given(st.binary(max_size=200))
def test_anything_else_is_refused_as_quietly(junk):
    with pytest.raises(Refused, match="NODE_NOT_TRUSTED"):
        check(junk, directory(), NOW)


@given(st.data())
def test_one_changed_bit_is_enough(data):
    certificate = bytearray(certify(KEYS, PUBLIC, NOW))
    certificate[data.draw(st.integers(0, len(certificate) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Refused, match="NODE_NOT_TRUSTED"):
        check(bytes(certificate), directory(), NOW)
