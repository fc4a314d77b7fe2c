"""Ed25519 signatures (RFC 8032), and the country's key that makes them."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bp_kit.disk import make_folder, write_private
from bp_training.domain.credential import Award, did_of, encode, signing_input


def signature_fits(public_key: bytes, signed: bytes, signature: bytes) -> bool:
    """Tells whether the signature of the signed bytes is the key's."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


class IssuerKeys:
    """The keys that sign credentials, one a country, each a PEM file only its owner can read; made when first needed.

    Args:
        folder: Where; created with mode 0700.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, Ed25519PrivateKey] = {}
        make_folder(folder)

    def public_key(self, country: str) -> bytes:
        """Returns a country's raw public key, 32 bytes."""
        return self._key(country).public_key().public_bytes_raw()

    def issuer(self, country: str) -> str:
        """Returns the `did:key` of a country's key."""
        return did_of(self.public_key(country))

    def sign(self, country: str, award: Award) -> str:
        """Returns the award as a signed VC-JWT."""
        signed = signing_input(award, self.public_key(country))
        return f"{signed.decode()}.{encode(self._key(country).sign(signed))}"

    def _key(self, country: str) -> Ed25519PrivateKey:
        if country not in self._keys:
            file = self._folder / f"issuer-{country}.pem"
            if not file.exists():
                write_private(file, _pem(Ed25519PrivateKey.generate()), replace=False)
            loaded = serialization.load_pem_private_key(file.read_bytes(), password=None)
            if not isinstance(loaded, Ed25519PrivateKey):
                raise TypeError(f"{file.name} holds another kind of key")
            self._keys[country] = loaded
        return self._keys[country]


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
