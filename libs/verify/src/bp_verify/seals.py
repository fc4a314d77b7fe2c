"""What each signature of a node is over. All are Ed25519; each kind begins with a prefix of its own, so none passes for another."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bluepacific.exchange.v1 import envelope_pb2, register_pb2

_INNER = b"bluepacific/1 inner\0"
_OUTER = b"bluepacific/1 outer\0"
_RECEIPT = b"bluepacific/1 receipt\0"
_HEAD = b"bluepacific/1 head\0"
_PROOF = b"bluepacific/1 proof\0"
_ROOT = b"bluepacific/2 root\0"
_RECEIPTS = b"bluepacific/2 receipts\0"
_GRANT = b"bluepacific/2 grant\0"
_COSIGNED = b"bluepacific/1 cosign\0"


def verifies(public: bytes, signature: bytes, signed: bytes) -> bool:
    """Tells whether an Ed25519 signature is the key's."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def signed_by(node: register_pb2.Node, signature: bytes, signed: bytes, *, retired: bool = False) -> bool:
    """Tells whether a signature is a node's: of its key, or of one that it replaced and that still stands for it.

    Args:
        node: As the register has it.
        signature: Ed25519.
        signed: What it must be over.
        retired: Keys that no longer stand for the node count, too: for what was signed long ago.
    """
    keys = [node.sign_key, *(one.sign_key for one in node.previous_keys if retired or not one.retired)]
    return any(verifies(key, signature, signed) for key in keys)


def inner_signed(header: bytes, content: bytes) -> bytes:
    """Returns what the author's node signs: nobody can put its content under another header."""
    return _INNER + hashlib.sha256(content).digest() + hashlib.sha256(header).digest()


def outer_signed(envelope: envelope_pb2.Envelope) -> bytes:
    """Returns what the sending node signs: header, ciphertext and keys."""
    return outer_signed_of(envelope.header, hashlib.sha256(envelope.ciphertext).digest(), envelope.keys)


def outer_signed_of(header: bytes, ciphertext_sha256: bytes, keys: Iterable[envelope_pb2.WrappedKey]) -> bytes:
    """Returns the same where only the ciphertext's digest is there."""
    digest = hashlib.sha256(ciphertext_sha256)
    for key in keys:
        node = key.node.encode()
        digest.update(len(node).to_bytes(4) + node + len(key.wrapped).to_bytes(4) + key.wrapped)
    return _OUTER + hashlib.sha256(header).digest() + digest.digest()


def root_signed(root: bytes, count: int, envelope_id: str) -> bytes:
    """Returns what the author's node signs of a version 2 envelope's messages: the root of their tree, how many, and of which envelope."""
    return _ROOT + uuid.UUID(envelope_id).bytes + count.to_bytes(4) + root


def receipts_signed(receipts: bytes) -> bytes:
    """Returns what a node signs of a list of receipts."""
    return _RECEIPTS + hashlib.sha256(receipts).digest()


def grant_signed(grant: bytes) -> bytes:
    """Returns what a node signs that gives another the key of an epoch."""
    return _GRANT + hashlib.sha256(grant).digest()


def receipt_signed(receipt: bytes) -> bytes:
    """Returns what a node signs that states what happened to an envelope."""
    return _RECEIPT + receipt


def head_signed(head: bytes) -> bytes:
    """Returns what a node signs of its log."""
    return _HEAD + head


def cosigned(head: bytes, moment: int) -> bytes:
    """Returns what a witness signs that has seen a head; the moment is in whole seconds since 1970, by its clock."""
    return _COSIGNED + moment.to_bytes(8, signed=True) + hashlib.sha256(head).digest()


def proof_signed(proof: bytes) -> bytes:
    """Returns what a node signs that exports a proof."""
    return _PROOF + hashlib.sha256(proof).digest()
