"""A node's keys and certificates in its folder: files that only its user can read, each made once and never overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.protocol.keys import NodeKeys, SealingKey
from bp_kit.disk import make_folder, write_private

CERTIFICATE = "certificate.pem"
AUTHORITY = "authority.pem"
REGISTER = "register.binpb"


class KeyFolder:
    """One node's keys.

    Args:
        folder: Made with mode 0700 when missing.
        node_id: The node's.
    """

    def __init__(self, folder: Path, node_id: str) -> None:
        self.node_id = node_id
        self._folder = folder
        make_folder(folder)

    def keys(self) -> NodeKeys:
        """Returns what the node signs and opens with; made when missing."""
        sealing = self._held("sealing.key", lambda: SealingKey.generate().to_bytes())
        return NodeKeys(self.node_id, self.ed25519("sign"), SealingKey.from_bytes(sealing))

    def ed25519(self, name: str) -> Ed25519PrivateKey:
        """Returns a signing key; made when missing."""
        raw = self._held(f"{name}.key", lambda: Ed25519PrivateKey.generate().private_bytes_raw())
        return Ed25519PrivateKey.from_private_bytes(raw)

    def p256(self, name: str) -> ec.EllipticCurvePrivateKey:
        """Returns a key for certificates; made when missing."""
        raw = self._held(f"{name}.pem", lambda: private_pem(ec.generate_private_key(ec.SECP256R1())))
        key = serialization.load_pem_private_key(raw, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{name}.pem is not an elliptic-curve key")
        return key

    def node(self, countries: tuple[str, ...], *, centre: bool) -> register_pb2.Node:
        """Returns this node as the register describes it."""
        keys = self.keys()
        return register_pb2.Node(
            node_id=self.node_id,
            countries=countries,
            centre=centre,
            sign_key=keys.sign.public_key().public_bytes_raw(),
            hpke_key=keys.sealing.public_bytes(),
            tls_key_sha256=key_digest(self.p256("tls").public_key()),
        )

    def read(self, name: str) -> bytes:
        """Returns a file's content; empty when it is not there."""
        file = self._folder / name
        return file.read_bytes() if file.exists() else b""

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, whole or not at all."""
        write_private(self._folder / name, content, replace=True)

    def _held(self, name: str, make: Callable[[], bytes]) -> bytes:
        held = self.read(name)
        if not held:
            held = make()
            self.write(name, held)
        return held


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Returns a key as PKCS #8 PEM, not encrypted: the folder is the protection."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def key_digest(key: ec.EllipticCurvePublicKey) -> bytes:
    """Returns SHA-256 over a public key as certificates carry it (SubjectPublicKeyInfo)."""
    raw = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(raw).digest()
