"""A node's keys: Ed25519 for its seals, ML-KEM-768 + X25519 for what is sealed to it, ECDSA P-256 for TLS."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

MLKEM_PUBLIC_BYTES = 1184
MLKEM_SEED_BYTES = 64
SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True)
class SealingKey:
    """The private key that opens what is sealed to a node.

    Attributes:
        mlkem: The post-quantum half.
        x25519: The classical half.
    """

    mlkem: MLKEM768PrivateKey
    x25519: X25519PrivateKey

    @classmethod
    def generate(cls) -> SealingKey:
        """Returns a new key."""
        return cls(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, raw: bytes) -> SealingKey:
        """Returns the key that `to_bytes` wrote."""
        seed, x25519 = raw[:MLKEM_SEED_BYTES], raw[MLKEM_SEED_BYTES:]
        return cls(MLKEM768PrivateKey.from_seed_bytes(seed), X25519PrivateKey.from_private_bytes(x25519))

    def to_bytes(self) -> bytes:
        """Returns the key: ML-KEM seed (64 bytes), X25519 (32 bytes)."""
        return self.mlkem.private_bytes_raw() + self.x25519.private_bytes_raw()

    def public_bytes(self) -> bytes:
        """Returns the public key as the register has it: ML-KEM (1184 bytes), X25519 (32 bytes)."""
        return self.mlkem.public_key().public_bytes_raw() + self.x25519.public_key().public_bytes_raw()

    def unwrap(self, wrapped: bytes, info: bytes) -> bytes:
        """Returns the content key.

        Raises:
            cryptography.exceptions.InvalidTag: It was not wrapped for this key with that info.
        """
        return SUITE.decrypt(wrapped, hpke.MLKEM768X25519PrivateKey(self.mlkem, self.x25519), info)


def wrap(content_key: bytes, public: bytes, info: bytes) -> bytes:
    """Wraps a content key for the node of a public key; `info` binds it to its envelope (RFC 9180)."""
    key = hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:MLKEM_PUBLIC_BYTES]),
        X25519PublicKey.from_public_bytes(public[MLKEM_PUBLIC_BYTES:]),
    )
    return SUITE.encrypt(content_key, key, info)


@dataclass(frozen=True)
class NodeKeys:
    """What a node signs and opens with.

    Attributes:
        node_id: Whose.
        sign: Its seals.
        sealing: Opens what is sealed to it.
        older: Keys that `sealing` replaced, the newest first: what was sealed to them is still on its way, or kept.
    """

    node_id: str
    sign: Ed25519PrivateKey
    sealing: SealingKey
    older: tuple[SealingKey, ...] = ()

    def unwrap(self, wrapped: bytes, info: bytes) -> bytes:
        """Returns a content key that was wrapped for this node, whenever that was.

        Raises:
            cryptography.exceptions.InvalidTag: It was not wrapped for it with that info.
        """
        try:
            return self.sealing.unwrap(wrapped, info)
        except InvalidTag:
            for key in self.older:
                with suppress(InvalidTag):
                    return key.unwrap(wrapped, info)
            raise
