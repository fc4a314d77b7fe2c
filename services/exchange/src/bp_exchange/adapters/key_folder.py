"""A node's keys and certificates in its folder: files that only its user can read. Keys are made once and never overwritten.

A node whose keys were replaced has several generations, `sign.key`, `sign.2.key` and so on; which one it uses now, the register says, and
of TLS keys the certificate. So nothing is renamed, and a crash anywhere leaves a node that knows its keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.protocol.batch import VERSION
from bp_exchange.protocol.keys import NodeKeys, SealingKey
from bp_kit.disk import make_folder, write_private

CERTIFICATE = "certificate.pem"
RENEWAL = "renewal.pem"
AUTHORITY = "authority.pem"
REGISTER = "register.binpb"

Key = TypeVar("Key")


class KeyFolder:
    """One node's keys.

    Args:
        folder: Made with mode 0700 when missing.
        node_id: The node's.
        wire_version: The newest version of envelopes that others may send it.
    """

    def __init__(self, folder: Path, node_id: str, wire_version: int = VERSION) -> None:
        self.node_id = node_id
        self.wire_version = wire_version
        self._folder = folder
        make_folder(folder)

    def keys(self, node: register_pb2.Node | None = None) -> NodeKeys:
        """Returns what the node signs and opens with; made when missing.

        Args:
            node: As the register has it: its keys are chosen among all that the folder holds. The first ones without it.
        """
        sign, sealing = self._all("sign", self.ed25519), self._all("sealing", self._sealing)
        if node is not None:
            sign = [one for one in sign if one.public_key().public_bytes_raw() == node.sign_key] or sign
            chosen = [one for one in sealing if one.public_bytes() == node.hpke_key] or sealing
        else:
            chosen = sealing
        older = tuple(one for one in reversed(sealing) if one is not chosen[0])
        return NodeKeys(self.node_id, sign[0], chosen[0], older)

    def next(self, node: register_pb2.Node, *, anew: bool) -> tuple[NodeKeys, ec.EllipticCurvePrivateKey]:
        """Returns another generation of keys beside those that are there; the register decides when it is the node's.

        Args:
            node: As the register has it: keys that were made for it and that it never heard of are taken, unless `anew`.
            anew: Make one in any case.
        """
        number = len(self._all("sign", self.ed25519))
        known = {node.sign_key, *(one.sign_key for one in node.previous_keys)}
        newest = self.ed25519("sign" if number == 1 else f"sign.{number}").public_key().public_bytes_raw()
        if anew or newest in known or number == 1:
            number += 1
        sealing, tls = self._sealing(f"sealing.{number}"), self.p256(f"tls.{number}")
        # Last: where it is, the generation is whole.
        return NodeKeys(self.node_id, self.ed25519(f"sign.{number}"), sealing), tls

    def tls(self) -> ec.EllipticCurvePrivateKey:
        """Returns the key of the node's certificate; the first one, made when missing, before it has one."""
        held = self.read(CERTIFICATE)
        wanted = x509.load_pem_x509_certificate(held).public_key() if held else None
        keys = self._all("tls", self.p256, "pem")
        return next((key for key in keys if key.public_key() == wanted), keys[0])

    def _all(self, name: str, read: Callable[[str], Key], suffix: str = "key") -> list[Key]:
        """Returns all generations of a key, the oldest first."""
        found, number = [read(name)], 2
        while self.read(f"{name}.{number}.{suffix}"):
            found.append(read(f"{name}.{number}"))
            number += 1
        return found

    def _sealing(self, name: str) -> SealingKey:
        return SealingKey.from_bytes(self._held(f"{name}.key", lambda: SealingKey.generate().to_bytes()))

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
            tls_key_sha256=key_digest(self.tls().public_key()),
            wire_version=self.wire_version,
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
