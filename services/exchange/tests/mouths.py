"""Where bytes of a peer enter, for fuzzing: each takes any bytes and returns, whatever they are.

Bytes are used at several depths: as they are, within an envelope whose outer seal is in order, and within one that opens. Whoever found a
hole has a member's key.
"""

import os
from datetime import UTC, datetime

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2, register_pb2
from bp_exchange.protocol.keys import NodeKeys, SealingKey, wrap
from bp_exchange.protocol.medium import BlockReader
from bp_exchange.protocol.register import Directory
from bp_exchange.protocol.session.greeting import SessionEndedError
from bp_exchange.protocol.session.ports import Clocks
from bp_exchange.protocol.session.session import Session
from bp_exchange.usecases.checking import check_items
from bp_verify.seals import inner_signed, outer_signed

_NODES = {"ptccc": "WSM", "fji": "FJI", "ton": "TON"}
_MOST_FRAMES = 64


class Society:
    """The centre that hears, and Fiji whose key the writer of the bytes has."""

    current = None
    is_centre = True

    def __init__(self):
        self.keys = {node: NodeKeys(node, Ed25519PrivateKey.generate(), SealingKey.generate()) for node in _NODES}
        self.directory = Directory(register_pb2.Register(version=1, nodes=[self._node(node) for node in _NODES]))

    def _node(self, node):
        keys = self.keys[node]
        return register_pb2.Node(
            node_id=node,
            countries=[_NODES[node]],
            centre=node == "ptccc",
            sign_key=keys.sign.public_key().public_bytes_raw(),
            hpke_key=keys.sealing.public_bytes(),
        )

    def header(self, **fields):
        usual = {
            "version": 1,
            "suite": 1,
            "envelope_id": "01900000-0000-7000-8000-000000000001",
            "sender_node": "fji",
            "incarnation": "one",
            "sequence": 1,
            "author": "countries/FJI/units/ncb",
            "recipients": ["countries/WSM/units/ncb"],
            "topic": "bluepacific.cooperation.v1.request.opened",
            "urgency": 3,
        }
        return envelope_pb2.EnvelopeHeader(**(usual | fields)).SerializeToString(deterministic=True)

    def sealed(self, header, ciphertext, keys=()):
        """An envelope of Fiji's whose outer seal is in order."""
        envelope = envelope_pb2.Envelope(header=header, ciphertext=ciphertext, keys=keys)
        envelope.signature = self.keys["fji"].sign.sign(outer_signed(envelope))
        return envelope.SerializeToString(deterministic=True)

    def opening(self, compressed, header=None, node="ptccc"):
        """An envelope that the centre opens, with these compressed bytes inside."""
        header, key = header or self.header(), os.urandom(32)
        wrapped = wrap(key, self.keys["ptccc"].sealing.public_bytes(), header)
        ciphertext = AESGCM(key).encrypt(bytes(12), compressed, header)
        return self.sealed(header, ciphertext, [envelope_pb2.WrappedKey(node=node, wrapped=wrapped)])


SOCIETY = Society()


def _check(**kind):
    item = link_service_pb2.Item(position=1, **kind)
    checked = check_items([item], peer="fji", directory=SOCIETY.directory, keys=SOCIETY.keys["ptccc"])
    assert set(checked.refused) <= {1}


def frames(data):
    """One frame after the other, each behind two bytes of its length, into a session that was greeted or not."""
    hello = link_service_pb2.Hello(node_id="ptccc", version=1)
    clocks = Clocks(lambda: datetime(2026, 11, 25, tzinfo=UTC), lambda: 0.0)
    session = Session("fji", hello, register=SOCIETY, clocks=clocks)
    if data[:1] > b"\x20":
        session.heard(link_service_pb2.Frame(hello=link_service_pb2.Hello(node_id="fji", version=1)))
        session.take(next(iter(session.hands())))
        session.greeted()
    at = 1
    for _ in range(_MOST_FRAMES):
        size = int.from_bytes(data[at : at + 2], "big")
        piece, at = data[at + 2 : at + 2 + size], at + 2 + size
        if not piece:
            return
        try:
            session.heard(link_service_pb2.Frame.FromString(piece))
        except (DecodeError, SessionEndedError):
            return
        for hand in session.hands():
            session.take(hand)
        while session.next_frame():
            continue
        session.tick()


def item(data):
    """An item as it is parsed."""
    try:
        given = link_service_pb2.Item.FromString(data)
    except DecodeError:
        return
    kind = given.WhichOneof("kind")
    _check(**({kind: getattr(given, kind)} if kind else {}))


def envelope(data):
    """An envelope's bytes."""
    _check(envelope=data)


def header(data):
    """A header, within an outer seal that is in order."""
    _check(envelope=SOCIETY.sealed(data, b"x" * 40))


def header_of_two(data):
    """The same with the fields of a second release's header before it."""
    _check(envelope=SOCIETY.sealed(SOCIETY.header(version=2) + data, b"x" * 40))


def keys(data):
    """Wrapped keys, within an outer seal that is in order."""
    try:
        given = envelope_pb2.Envelope.FromString(data)
    except DecodeError:
        return
    _check(envelope=SOCIETY.sealed(SOCIETY.header(), given.ciphertext, given.keys))


def compressed(data):
    """What is decrypted, and is to be decompressed."""
    _check(envelope=SOCIETY.opening(data))


def inside(data):
    """What was decompressed: content and inner seal."""
    _check(envelope=SOCIETY.opening(zstandard.compress(data)))


def content(data):
    """A content whose inner seal is in order, too."""
    made = SOCIETY.header()
    signature = SOCIETY.keys["fji"].sign.sign(inner_signed(made, data))
    plain = envelope_pb2.SealedContent(content=data, signature=signature).SerializeToString()
    _check(envelope=SOCIETY.opening(zstandard.compress(plain), made))


def medium(data):
    """A removable medium."""
    reader = BlockReader()
    for _ in reader.feed(data):
        continue


MOUTHS = (frames, item, envelope, header, header_of_two, keys, compressed, inside, content, medium)
