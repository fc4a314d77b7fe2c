"""Who takes part: real keys, made once a process, the same in each; and the register, with a stand-in for its TUF proofs.

The stand-in is one Ed25519 signature by the centre, so a forged register is refused as a forged one is by TUF. Everything else about
keys, seals, receipts, logs and files is the real thing.
"""

import functools
import hashlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.protocol.keys import NodeKeys, SealingKey
from bp_exchange.protocol.register import Directory
from tests.simulation.crypto import Signer

CENTRE = "ptccc"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def node_ids(countries):
    """Returns the ids of a network: the centre, then its countries."""
    return [CENTRE, *(f"n{at:02}" for at in range(1, countries + 1))]


def country_code(node_id):
    at = 0 if node_id == CENTRE else int(node_id[1:])
    return f"X{_LETTERS[at // 26]}{_LETTERS[at % 26]}"


def unit_of(node_id, unit="ncb"):
    return f"countries/{country_code(node_id)}/units/{unit}"


@functools.cache
def keys_of(node_id):
    """Returns a node's keys: of its name, so that a seed means the same in every process."""

    def secret(use, size):
        return hashlib.shake_256(f"{use}/{node_id}".encode()).digest(size)

    sealing = SealingKey(
        MLKEM768PrivateKey.from_seed_bytes(secret("mlkem", 64)), X25519PrivateKey.from_private_bytes(secret("x", 32))
    )
    return NodeKeys(node_id, Signer(Ed25519PrivateKey.from_private_bytes(secret("sign", 32))), sealing)


@functools.cache
def _node(node_id, wire_version=0):
    keys = keys_of(node_id)
    return register_pb2.Node(
        node_id=node_id,
        countries=[country_code(node_id)],
        centre=node_id == CENTRE,
        sign_key=keys.sign.public,
        hpke_key=keys.sealing.public_bytes(),
        wire_version=wire_version,
    )


@functools.lru_cache(maxsize=2048)
def register_of(members, revoked=(), version=1, newer=()):
    """Returns a signed register of these node ids; the newer ones understand envelopes of version 2."""
    register = register_pb2.Register(version=version, nodes=[_node(one, 2 if one in newer else 0) for one in members])
    for node in register.nodes:
        node.revoked = node.node_id in revoked
    return signed(register, CENTRE)


def signed(register, by):
    raw = register.SerializeToString(deterministic=True)
    bundle = register_pb2.RegisterBundle(
        roots=[b"root"], timestamp=b"%d" % register.version, targets=keys_of(by).sign.key.sign(raw), register=raw
    )
    return Believed(bundle)


class NotBelievedError(Exception):
    """A register that proves nothing, or an older one."""


@dataclass
class Believed:
    """A register with its proof, as a session sees it."""

    bundle: register_pb2.RegisterBundle
    register: register_pb2.Register = field(init=False)

    def __post_init__(self):
        self.register = register_pb2.Register.FromString(self.bundle.register)

    @property
    def version(self):
        return self.register.version

    @property
    def timestamp_version(self):
        return self.register.version


def believe(bundle, known):
    """Returns a newer register.

    Raises:
        NotBelievedError: It is not the centre's, or older.
    """
    try:
        public = Ed25519PublicKey.from_public_bytes(_node(CENTRE).sign_key)
        public.verify(bundle.targets, bundle.register)
    except InvalidSignature:
        raise NotBelievedError from None
    found = Believed(bundle)
    if found.version < known.version:
        raise NotBelievedError
    return found


@functools.lru_cache(maxsize=512)
def directory_of(raw):
    return Directory(register_pb2.Register.FromString(raw))


class Keeper:
    """The register that one node believes, as its session is given it."""

    def __init__(self, node_id, current):
        self._node_id = node_id
        self.keep(current)

    def keep(self, current):
        self.current = current
        self.directory = directory_of(current.bundle.register)

    @property
    def is_centre(self):
        return self._node_id == CENTRE

    def allows(self, urgency):
        return True
