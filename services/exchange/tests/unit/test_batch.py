"""Envelopes of version 2: what recipients, relays and everybody else get of them."""

import os
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import envelope_pb2
from bp_exchange.protocol.batch import finish, prepare, read_batch, unseal_batch
from bp_exchange.protocol.batch_shape import MAX_AFTER, MAX_MESSAGES
from bp_exchange.protocol.compression import NEWEST_DICTIONARY, compress, decompress, padded
from bp_exchange.protocol.envelope import unseal
from bp_exchange.protocol.epoch import Reader, granted_key, make_grant, verify_grant
from bp_exchange.protocol.merkle import path_of
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_exchange.protocol.trace import packed, unpacked
from bp_verify.merkle import root_by
from bp_verify.messages import envelope_id_of, message_leaf, salted
from bp_verify.seals import root_signed, signed_by

EPOCH, KEY = b"epoch..1", bytes(range(32))
INCARNATION = b"incarn.1"


def message(payload=b"seen at dawn", author="countries/FJI/units/ncb", **fields):
    head = envelope_pb2.MessageHead(
        message_id=uuid.uuid4().bytes,
        topic="bluepacific.cooperation.v1.request.opened",
        author=author,
        recipients=["countries/TON/units/ncb"],
        urgency=handling_pb2.URGENCY_ROUTINE,
        conversation="countries/FJI/requests/1",
        **fields,
    )
    content = envelope_pb2.Content(payload=payload)
    content.handling.tlp = handling_pb2.TLP_AMBER
    return head.SerializeToString(), content.SerializeToString()


def sealed(society, messages, *, sender="fji", to=("ton",), prepared=None, **fields):
    values = {"incarnation_id": INCARNATION, "sequence": 7, "urgency": 3, "tlp": handling_pb2.TLP_AMBER}
    header = envelope_pb2.EnvelopeHeader(**(values | fields))
    readers = [Reader(node, EPOCH, KEY) for node in to]
    prepared = prepared or prepare(messages, random=os.urandom)
    return finish(prepared, header, keys=society.keys[sender], readers=readers)[1]


def opened(society, raw, node="ton", key=KEY):
    keys, directory = society.keys[node], society.directory
    return unseal_batch(*read_batch(raw), directory=directory, keys=keys, epochs=lambda *_: key)


def refusal(society, raw, **fields):
    with pytest.raises(RefusedItemError) as refused:
        opened(society, raw, **fields)
    return refused.value.ground


def test_recipients_open_what_a_relay_cannot(society):
    raw = sealed(society, [message(b"one"), message(b"two")], to=("ton", "vut"))
    for node in ("ton", "vut"):
        found = opened(society, raw, node)
        assert [one.content.payload for one in found.messages] == [b"one", b"two"]
        assert found.nodes == ("ton", "vut")
        assert found.envelope_id == envelope_id_of("fji", INCARNATION, 7)
    relay = opened(society, raw, "ptccc")
    assert (relay.messages, relay.awaited) == (None, "")
    assert relay.digest == found.digest
    assert not relay.seals.inner_signature


def test_without_its_epochs_key_it_waits(society):
    found = opened(society, sealed(society, [message()]), key=None)
    assert (found.messages, found.awaited) == (None, EPOCH.hex())


def test_each_message_is_proven_alone_and_shows_nothing_of_its_neighbours(society):
    found = opened(society, sealed(society, [message(b"%d" % at) for at in range(5)]))
    node = society.directory.nodes["fji"]
    leaves = [one.leaf for one in found.messages]
    for at, one in enumerate(found.messages):
        kept = one.kept
        assert salted(kept.content_salt, kept.content) == kept.content_digest
        leaf = message_leaf(salted(kept.head_salt, kept.head), kept.content_digest)
        root = root_by(5, at, leaf, path_of(at, leaves))
        assert signed_by(node, found.seals.inner_signature, root_signed(root, 5, found.envelope_id))
    salts = {salt for one in found.messages for salt in (one.kept.head_salt, one.kept.content_salt)}
    assert len(salts) == 10
    assert all(len(salt) == 16 for salt in salts)


def test_a_message_of_the_same_text_has_another_leaf_each_time(society):
    same = message()
    one, other = (opened(society, sealed(society, [same])).messages[0] for _ in range(2))
    assert one.leaf != other.leaf
    assert one.kept.content_digest != other.kept.content_digest


@given(place=st.integers(0, 9_999), bit=st.integers(0, 7))
def test_no_changed_byte_is_taken(society, place, bit):
    # Sealing takes chance, and compresses: no two are of the same length for sure.
    raw = bytearray(sealed(society, [message()]))
    raw[place % len(raw)] ^= 1 << bit
    try:
        batch = read_batch(bytes(raw))
    except RefusedItemError:
        return
    if batch is None:
        with pytest.raises(RefusedItemError):
            unseal(bytes(raw), directory=society.directory, keys=society.keys["ton"])
        return
    with pytest.raises(RefusedItemError):
        unseal_batch(*batch, directory=society.directory, keys=society.keys["ton"], epochs=lambda *_: KEY)


def test_another_epochs_key_opens_nothing(society):
    assert refusal(society, sealed(society, [message()]), key=bytes(32)) is Ground.BAD_SEAL


def test_the_last_release_calls_it_unknown(society):
    with pytest.raises(RefusedItemError) as refused:
        unseal(sealed(society, [message()]), directory=society.directory, keys=society.keys["ton"])
    assert refused.value.ground is Ground.UNKNOWN_VERSION


@pytest.mark.parametrize(
    ("fields", "ground"),
    [
        ({"incarnation_id": b"short"}, Ground.MALFORMED),
        ({"sequence": 0}, Ground.MALFORMED),
        ({"after": [7]}, Ground.MALFORMED),
        ({"after": [1] * (MAX_AFTER + 1)}, Ground.MALFORMED),
        ({"tlp": handling_pb2.TLP_CLEAR}, Ground.MALFORMED),
        ({"exercise": True}, Ground.MALFORMED),
        ({"blobs": [envelope_pb2.SealedBlob(digest="ab" * 32, size_bytes=1)]}, Ground.MALFORMED),
        ({"blobs": [envelope_pb2.SealedBlob(digest="ab" * 32, size_bytes=-1)]}, Ground.TOO_LARGE),
        ({"to": ()}, Ground.MALFORMED),
        ({"to": ("ton", "ton")}, Ground.MALFORMED),
    ],
    ids=str,
)
def test_what_no_honest_node_writes_is_refused(society, fields, ground):
    assert refusal(society, sealed(society, [message()], **fields)) is ground


def test_messages_that_cannot_be_are_refused(society):
    twice = message()
    assert refusal(society, sealed(society, [twice, twice])) is Ground.MALFORMED
    assert refusal(society, sealed(society, [message(trace=b"short")])) is Ground.MALFORMED
    assert refusal(society, sealed(society, [message(author="countries/TON")])) is Ground.BAD_AUTHOR
    assert refusal(society, sealed(society, [(b"\xff", b"")])) is Ground.MALFORMED
    assert refusal(society, sealed(society, [message(b"")] * (MAX_MESSAGES + 1))) is Ground.MALFORMED


def test_a_bomb_is_told_before_it_is_unpacked(society):
    raw = sealed(society, [message(bytes(2 * 1024 * 1024))])
    assert len(raw) < 10_000
    assert refusal(society, raw) is Ground.TOO_LARGE


def test_what_was_compressed_comes_back_and_padding_is_left():
    plain = b"the vessel was seen at dawn " * 50
    for dictionary in (0, NEWEST_DICTIONARY):
        assert decompress(compress(plain, dictionary) + bytes(9), len(plain), dictionary) == plain
    with pytest.raises(RefusedItemError) as refused:
        decompress(compress(plain), len(plain), NEWEST_DICTIONARY ^ 1)
    assert refused.value.ground is Ground.UNKNOWN_VERSION


@given(st.integers(1, 2_000_000))
def test_size_classes_are_cheap(size):
    assert size <= padded(size) <= max(size * 1.01, size + 8)


def test_a_grant_opens_for_its_node_only(society):
    node = society.directory.nodes["ton"]
    signed = make_grant(EPOCH, KEY, keys=society.keys["fji"], node=node)
    grant = verify_grant(signed, society.directory)
    assert granted_key("fji", EPOCH.hex(), grant.wrapped, society.keys["ton"]) == KEY
    assert granted_key("fji", EPOCH.hex(), grant.wrapped, society.keys["vut"]) is None
    assert granted_key("vut", EPOCH.hex(), grant.wrapped, society.keys["ton"]) is None
    signed.signature = bytes(64)
    with pytest.raises(RefusedItemError):
        verify_grant(signed, society.directory)


def test_a_trace_that_is_not_recorded_does_not_travel():
    recorded = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert unpacked(packed(recorded)) == recorded
    assert packed(recorded[:-2] + "00") == packed("") == b""
    assert not unpacked(b"")
