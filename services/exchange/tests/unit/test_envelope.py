import os

import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bluepacific.exchange.v1 import envelope_pb2
from bp_exchange.protocol import envelope as core
from bp_exchange.protocol.envelope import MAX_CONTENT_BYTES, MAX_ENVELOPE_BYTES, seal, unseal
from bp_exchange.protocol.refusal import Ground, RefusedItemError

LOOSE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


def refusal(society, raw, at="ton", directory=None):
    with pytest.raises(RefusedItemError) as refused:
        unseal(raw, directory=directory or society.directory, keys=society.keys[at])
    return refused.value.ground


def changed(raw, change):
    envelope = envelope_pb2.Envelope.FromString(raw)
    change(envelope)
    return envelope.SerializeToString(deterministic=True)


def resigned(society, envelope, sender):
    """The envelope with a new outer seal: what a node that is in the network can do to it."""
    envelope.signature = society.keys[sender].sign.sign(core.outer_signed(envelope))
    return envelope.SerializeToString(deterministic=True)


def test_the_addressed_node_opens_it(society):
    opened = unseal(society.sealed(), directory=society.directory, keys=society.keys["ton"])
    assert opened.content == society.content()
    assert opened.header.sender_node == "fji"
    assert opened.nodes == ("ton",)


@pytest.mark.parametrize("node", ["ptccc", "vut"])
def test_others_verify_it_and_read_nothing(society, node):
    raw = society.sealed()
    assert b"seen at dawn" not in raw
    assert unseal(raw, directory=society.directory, keys=society.keys[node]).content is None


def test_many_nodes_share_one_ciphertext(society):
    alone = society.sealed(content=society.content(os.urandom(50_000)))
    both = society.sealed(content=society.content(os.urandom(50_000)), to=("ton", "vut", "ptccc"))
    assert len(both) - len(alone) < 2_600
    for node in ("ton", "vut", "ptccc"):
        assert unseal(both, directory=society.directory, keys=society.keys[node]).content


def swap_header(envelope):
    envelope.header = envelope.header.replace(b"countries/TON/units/ncb", b"countries/VUT/units/ncb")


def swap_ciphertext(envelope):
    envelope.ciphertext = envelope.ciphertext[:-1] + bytes([envelope.ciphertext[-1] ^ 1])


def swap_wrapped(envelope):
    envelope.keys[0].wrapped = envelope.keys[0].wrapped[:-1] + b"\0"


def swap_key_name(envelope):
    envelope.keys[0].node = "vut"


def add_key(envelope):
    envelope.keys.add(node="vut", wrapped=b"x")


def swap_signature(envelope):
    envelope.signature = bytes(64)


@pytest.mark.parametrize("change", [swap_header, swap_ciphertext, swap_wrapped, swap_key_name, add_key, swap_signature])
def test_tampering_with_any_part_is_refused(society, change):
    assert refusal(society, changed(society.sealed(), change)) is Ground.BAD_SEAL
    assert refusal(society, changed(society.sealed(), change), at="ptccc") is Ground.BAD_SEAL


@LOOSE
@given(st.data())
def test_no_flipped_bit_goes_unnoticed(society, data):
    raw = bytearray(society.sealed())
    at = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[at // 8] ^= 1 << (at % 8)
    try:
        opened = unseal(bytes(raw), directory=society.directory, keys=society.keys["ton"])
    except RefusedItemError:
        return
    # A bit that protobuf passes over (an unknown field's tag) changes neither header nor content.
    assert opened.content == society.content()
    assert opened.header.recipients == ["countries/TON/units/ncb"]


@LOOSE
@given(st.binary(max_size=2000))
def test_junk_is_refused(society, junk):
    with pytest.raises(RefusedItemError):
        unseal(junk, directory=society.directory, keys=society.keys["ton"])


def test_nobody_can_address_it_anew(society):
    """Tonga opens an envelope and seals its content for Vanuatu, as if Fiji had sent it there."""
    opened = unseal(society.sealed(), directory=society.directory, keys=society.keys["ton"])
    forged = society.sealed(
        society.header(recipients=["countries/VUT/units/ncb"]), opened.content, sender="ton", to=("vut",)
    )
    assert refusal(society, forged, at="vut") is Ground.BAD_AUTHOR


def test_an_inner_seal_does_not_fit_another_header(society, monkeypatch):
    """Even the author's own node cannot put an inner seal under another header: what was signed says to whom."""
    signed = core.inner_signed
    other = society.header(recipients=["countries/VUT/units/ncb"]).SerializeToString(deterministic=True)
    with monkeypatch.context() as patched:
        patched.setattr(core, "inner_signed", lambda _header, content: signed(other, content))
        raw = society.sealed()
    assert refusal(society, raw) is Ground.BAD_SEAL


def test_a_node_speaks_only_for_its_countries(society):
    raw = society.sealed(society.header(author="countries/VUT/units/ncb"))
    assert refusal(society, raw) is Ground.BAD_AUTHOR


def test_unknown_and_revoked_senders_are_refused(society):
    raw = society.sealed()
    assert refusal(society, raw, directory=society.directory_of(revoked=["fji"])) is Ground.REVOKED_SENDER
    with_other_name = changed(raw, lambda one: setattr(one, "header", one.header.replace(b"fji", b"fjx")))
    assert refusal(society, with_other_name) is Ground.UNKNOWN_SENDER


@pytest.mark.parametrize("field", ["version", "suite"])
def test_another_version_is_refused_as_such(society, field):
    def change(envelope):
        header = envelope_pb2.EnvelopeHeader.FromString(envelope.header)
        setattr(header, field, 9)
        envelope.header = header.SerializeToString()

    assert refusal(society, changed(society.sealed(), change)) is Ground.UNKNOWN_VERSION


def test_a_bomb_is_refused_before_it_unpacks(society):
    """A megabyte of ciphertext that would unpack to gigabytes, well signed by a node of the network."""
    key, header = os.urandom(32), society.header()
    header.version = header.suite = 1
    header.sender_node = "fji"
    raw_header = header.SerializeToString(deterministic=True)
    bomb = zstandard.compress(bytes(MAX_CONTENT_BYTES + 1))
    envelope = envelope_pb2.Envelope(header=raw_header, ciphertext=AESGCM(key).encrypt(bytes(12), bomb, raw_header))
    envelope.keys.add(node="ton", wrapped=core.wrap(key, society.keys["ton"].sealing.public_bytes(), raw_header))
    assert refusal(society, resigned(society, envelope, "fji")) is Ground.TOO_LARGE


def test_an_envelope_has_a_greatest_size(society):
    assert refusal(society, bytes(MAX_ENVELOPE_BYTES + 1)) is Ground.TOO_LARGE


def test_a_header_has_a_greatest_number_of_recipients(society):
    names = [f"countries/TON/units/u{number}" for number in range(1001)]
    assert refusal(society, society.sealed(society.header(recipients=names))) is Ground.TOO_MANY_RECIPIENTS


@pytest.mark.parametrize(
    "fields",
    [
        {"envelope_id": "x"},
        {"envelope_id": "01900000-0000-7000-8000-00000000000A"},
        {"topic": "x"},
        {"topic": "bluepacific." + "a" * 200 + ".b.c"},
        {"recipients": []},
        {"recipients": ["countries/-"]},
        {"recipients": ["countries/TON", "countries/TON"]},
        {"recipients": ["countries/TON\0"]},
        {"conversation": "a\0b"},
        {"conversation": "a" * 256},
        {"traceparent": "00-x"},
        {"blobs": [envelope_pb2.SealedBlob(digest="../../etc/passwd", size_bytes=1)]},
    ],
)
def test_what_no_honest_node_writes_is_malformed(society, fields):
    header = society.header(**fields)
    keys = [society.blob_key() for _ in header.blobs]
    assert refusal(society, society.sealed(header, society.content(blobs=keys))) is Ground.MALFORMED


def test_moments_that_no_database_takes_are_malformed(society):
    header = society.header()
    header.expire_time.seconds = 2**62
    assert refusal(society, society.sealed(header)) is Ground.MALFORMED


@pytest.mark.parametrize("fields", [{"key": b"short"}, {"blob": {"digest": "x"}}, {"blob": {"size_bytes": -1}}])
def test_keys_of_files_are_checked(society, fields):
    header = society.header(blobs=[envelope_pb2.SealedBlob(digest="cd" * 32, size_bytes=26)])
    raw = society.sealed(header, society.content(blobs=[society.blob_key(**fields)]))
    assert refusal(society, raw) is Ground.MALFORMED


def test_every_announced_file_has_its_key(society):
    header = society.header(blobs=[envelope_pb2.SealedBlob(digest="cd" * 32, size_bytes=26)])
    assert refusal(society, society.sealed(header)) is Ground.MALFORMED


def test_the_same_message_is_never_the_same_bytes(society):
    assert society.sealed() != society.sealed()


def test_sealing_takes_its_randomness_from_outside(society):
    drawn = []

    def random(size):
        drawn.append(size)
        return b"k" * size

    nodes = [("ton", society.keys["ton"].sealing.public_bytes())]
    seal(society.header(), society.content(), keys=society.keys["fji"], nodes=nodes, random=random)
    assert drawn == [32]
