"""Quick stand-ins for signatures and key encapsulation: as long, bound to the same bytes, refused for the same reasons.

The stand-ins are keyed by public keys, so anybody could forge them; whoever is hostile here signs with keys of its own only, in either
kind. What is encrypted, wrapped under epochs, compressed and hashed is always the real thing.
"""

import functools
import hashlib
import hmac
from contextlib import ExitStack, contextmanager
from unittest import mock

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bp_exchange.protocol import envelope, epoch
from bp_exchange.protocol.keys import NodeKeys
from bp_verify import seals

_ENCAPSULATED_BYTES = 1120
_NONCE = bytes(12)


class Signer:
    """A node's signing key; Ed25519 unless stand-ins are in place.

    Args:
        key: The real one.
    """

    def __init__(self, key):
        self.key = key
        self.public = key.public_key().public_bytes_raw()

    def sign(self, signed):
        """Returns a signature."""
        return self.key.sign(signed)


@contextmanager
def quick():
    """Has the stand-ins in place within the block."""
    with ExitStack() as stack:
        for place, name, stand_in in (
            (Signer, "sign", _sign),
            (seals, "verifies", _verifies),
            (envelope, "wrap", _wrap),
            (epoch, "wrap", _wrap),
            (NodeKeys, "unwrap", _unwrap),
        ):
            stack.enter_context(mock.patch.object(place, name, stand_in))
        yield


def _sign(signer, signed):
    return hmac.digest(signer.public, signed, "sha512")


def _verifies(public, signature, signed):
    return signature == hmac.digest(public, signed, "sha512")


def _wrap(content_key, public, info):
    return bytes(_ENCAPSULATED_BYTES) + _box(public, info).encrypt(_NONCE, content_key, None)


def _unwrap(keys, wrapped, info):
    return _box(_public(keys), info).decrypt(_NONCE, wrapped[_ENCAPSULATED_BYTES:], None)


@functools.cache
def _public(keys):
    return keys.sealing.public_bytes()


def _box(public, info):
    return AESGCM(hashlib.sha256(public + info).digest())
