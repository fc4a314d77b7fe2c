"""Keys of the register's root, held by members and kept off line: made, put into a new root, and signed with, on any machine.

A new root counts when as many keys of the root before it have signed it as that one demands, and as many of its own keys as it demands
itself (The Update Framework, 5.3). Nothing here needs a node, a database or a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.exceptions import FormatError
from securesystemslib.signer import CryptoSigner, Key
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root

_ROOT = "root"
_LIFETIME = timedelta(days=3650)
MOST_KEYS = 50


class RootKeyError(Exception):
    """A key or a root is not what it must be; the text says what, for a person."""


@dataclass(frozen=True)
class RootState:
    """A root, and how far it is signed.

    Attributes:
        version: Of the root.
        threshold: How many of its keys must sign.
        key_ids: Its keys.
        signed_by: The keys, also of the root before, that have signed it.
    """

    version: int
    threshold: int
    key_ids: tuple[str, ...]
    signed_by: tuple[str, ...]


def make_key(passphrase: str) -> tuple[bytes, dict[str, Any]]:
    """Returns a new key, encrypted with a passphrase (PKCS #8 PEM), and its public half as the root has it, with its id."""
    key = Ed25519PrivateKey.generate()
    protection = serialization.BestAvailableEncryption(passphrase.encode())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    public = CryptoSigner(key).public_key
    return pem, {"keyid": public.keyid, **public.to_dict()}


def read_key(pem: bytes, passphrase: str) -> Ed25519PrivateKey:
    """Returns a key.

    Raises:
        RootKeyError: It is none, or the passphrase is another.
    """
    try:
        key = serialization.load_pem_private_key(pem, passphrase.encode())
    except (ValueError, TypeError):
        raise RootKeyError("this is no key, or the passphrase is another") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise RootKeyError("this is a key of another kind")
    return key


def next_root(root: bytes, keys: Sequence[dict[str, Any]], threshold: int, now: datetime) -> bytes:
    """Returns the root after a root, with other keys, not signed yet.

    Args:
        root: The newest one (root.json).
        keys: The public halves, as `make_key` gives them.
        threshold: How many of them must sign from now on.
        now: It holds for ten years from then.

    Raises:
        RootKeyError: A key is none, or there are fewer of them than must sign.
    """
    public = {one.keyid: one for one in (_public(key) for key in keys)}
    if not 1 <= threshold <= len(public) <= MOST_KEYS:
        raise RootKeyError(
            f"{threshold} of {len(public)} keys cannot be: at least 1, at most all, and at most {MOST_KEYS}"
        )
    signed = _root(root).signed
    for key_id in list(signed.roles[_ROOT].keyids):
        signed.revoke_key(key_id, _ROOT)
    for one in public.values():
        signed.add_key(one, _ROOT)
    signed.roles[_ROOT].threshold = threshold
    signed.version += 1
    signed.expires = (now + _LIFETIME).replace(microsecond=0)
    return Metadata(signed).to_bytes()


def sign_root(root: bytes, key: Ed25519PrivateKey) -> bytes:
    """Returns a root with one more signature.

    Raises:
        RootKeyError: It is no root.
    """
    metadata = _root(root)
    metadata.sign(CryptoSigner(key), append=True)
    return metadata.to_bytes()


def state_of(root: bytes) -> RootState:
    """Returns what a root says, and who has signed it; the signatures are verified when it is published.

    Raises:
        RootKeyError: It is no root.
    """
    metadata = _root(root)
    role = metadata.signed.roles[_ROOT]
    signed_by = tuple(one.keyid for one in metadata.signatures.values() if one.signature)
    return RootState(metadata.signed.version, role.threshold, tuple(role.keyids), signed_by)


def _root(raw: bytes) -> Metadata[Root]:
    try:
        metadata = Metadata[Root].from_bytes(raw)
    except (RepositoryError, ValueError, KeyError, AttributeError, TypeError):
        raise RootKeyError("this is no root of a register") from None
    if not isinstance(metadata.signed, Root):
        raise RootKeyError("this is no root of a register")
    return metadata


def _public(key: dict[str, Any]) -> Key:
    try:
        fields = dict(key)
        return Key.from_dict(fields.pop("keyid"), fields)
    except (KeyError, ValueError, TypeError, FormatError, AttributeError):
        raise RootKeyError("this is no public key as `register keys new` writes it") from None
