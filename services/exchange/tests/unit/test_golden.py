"""Bytes as releases wrote them: every later release reads them, says the same of them, and keeps what it does not know."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2, log_pb2, register_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.batch import read_batch, unseal_batch
from bp_exchange.protocol.envelope import unseal
from bp_exchange.protocol.epoch import granted_key, verify_grant
from bp_exchange.protocol.keys import NodeKeys, SealingKey
from bp_exchange.protocol.medium import LENGTH_BYTES, verify_block
from bp_exchange.protocol.receipt import verify_receipt
from bp_exchange.protocol.receipt_list import verify_list
from bp_exchange.protocol.register import Directory
from bp_verify.messages import said_by
from bp_verify.seals import outer_signed

GOLDEN = Path(__file__).parents[1] / "golden"
STATES = topics_pb2.DeliveryState
# Of a later release, in any message: field 999, text.
UNKNOWN = b"\xba\x3e\x05later"


def golden(name):
    return (GOLDEN / f"{name}.binpb").read_bytes()


@pytest.fixture(scope="module")
def directory():
    return Directory(register_pb2.Register.FromString(golden("register")))


@pytest.fixture(scope="module")
def keys():
    held = json.loads((GOLDEN / "keys.json").read_text())
    return {
        node: NodeKeys(
            node,
            Ed25519PrivateKey.from_private_bytes(bytes.fromhex(one["sign"])),
            SealingKey.from_bytes(bytes.fromhex(one["sealing"])),
        )
        for node, one in held.items()
    }


def epoch_key(directory, keys):
    grant = verify_grant(envelope_pb2.SignedGrant.FromString(golden("grant-2")), directory)
    return granted_key(grant.sender_node, grant.epoch.hex(), grant.wrapped, keys["ton"])


def test_an_envelope_of_the_first_release(directory, keys):
    opened = unseal(golden("envelope-1"), directory=directory, keys=keys["ton"])
    assert opened.content.payload == b"seen at dawn"
    assert (opened.header.version, opened.header.sequence, opened.nodes) == (1, 7, ("ton",))


def test_an_envelope_of_the_second_release(directory, keys):
    key = epoch_key(directory, keys)
    batch = read_batch(golden("envelope-2"))
    opened = unseal_batch(*batch, directory=directory, keys=keys["ton"], epochs=lambda *_: key)
    assert [one.content.payload for one in opened.messages] == [b"message 0", b"message 1", b"message 2"]
    assert opened.envelope_id == "790df4ed-3656-5e96-5294-c6cb3fee2a98"
    assert list(opened.header.after) == [5]
    assert [one.leaf.hex()[:8] for one in opened.messages] == ["c969043a", "735a157c", "7da60ad8"]


def test_receipts_of_both_releases(directory):
    receipt = verify_receipt(envelope_pb2.SignedReceipt.FromString(golden("receipt-1")), directory)
    assert receipt.state == STATES.DELIVERY_STATE_ACCEPTED
    receipts, _ = verify_list(envelope_pb2.SignedReceipts.FromString(golden("receipts-2")), directory)
    assert [(one.position, one.state, one.millis % 1000) for one in said_by(receipts)] == [
        (at, state, at)
        for state in (STATES.DELIVERY_STATE_ACCEPTED, STATES.DELIVERY_STATE_DELIVERED)
        for at in range(3)
    ]


def test_a_block_of_a_medium(directory):
    content = verify_block(golden("medium-block")[LENGTH_BYTES:], directory=directory, own="ptccc", network=bytes(32))
    assert content.items[0].item.envelope == golden("envelope-2")


@pytest.mark.parametrize("name", ["frame-hello", "frame-item", "frame-ack", "frame-request", "frame-chunk"])
def test_frames_are_written_as_they_were(name):
    frame = link_service_pb2.Frame.FromString(golden(name))
    assert frame.WhichOneof("kind")
    assert frame.SerializeToString(deterministic=True) == golden(name)


@pytest.mark.parametrize(
    ("name", "kind", "inside"),
    [
        ("envelope-1", envelope_pb2.Envelope, {"header": envelope_pb2.EnvelopeHeader}),
        ("envelope-2", envelope_pb2.Envelope, {"header": envelope_pb2.EnvelopeHeader}),
        ("receipt-1", envelope_pb2.SignedReceipt, {"receipt": topics_pb2.Receipt}),
        ("receipts-2", envelope_pb2.SignedReceipts, {}),
        ("grant-2", envelope_pb2.SignedGrant, {"grant": envelope_pb2.Grant}),
        ("register", register_pb2.Register, {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_signed_is_written_as_it_was(name, kind, inside):
    """So that a release before this one finds in it what it knows, under the same seals."""
    found = kind.FromString(golden(name))
    assert found.SerializeToString(deterministic=True) == golden(name)
    for field, its_kind in inside.items():
        raw = getattr(found, field)
        assert its_kind.FromString(raw).SerializeToString(deterministic=True) == raw


def test_a_leaf_of_the_log_is_written_as_it_was():
    entry = log_pb2.LogEntry.FromString(golden("log-entry"))
    assert entry.event == log_pb2.LOG_EVENT_SEALED
    assert entry.SerializeToString(deterministic=True) == golden("log-entry")


def test_what_a_later_release_adds_is_kept_and_no_hindrance(directory, keys):
    for name in ("frame-hello", "frame-item", "frame-ack"):
        frame = link_service_pb2.Frame.FromString(golden(name) + UNKNOWN)
        assert frame.SerializeToString(deterministic=True) == golden(name) + UNKNOWN
    envelope = envelope_pb2.Envelope.FromString(golden("envelope-2"))
    envelope.header += UNKNOWN
    envelope.signature = keys["fji"].sign.sign(outer_signed(envelope))
    relayed = unseal_batch(
        *read_batch(envelope.SerializeToString()), directory=directory, keys=keys["ptccc"], epochs=lambda *_: None
    )
    assert relayed.seals.header.endswith(UNKNOWN)
