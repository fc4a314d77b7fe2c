"""Epochs: a key of a pair of nodes, sealed to the recipient once, wraps the content keys of the envelopes of a while.

A grant carries it, ahead of the first envelope. Both may travel as they like, a stick included: an envelope whose epoch is not known yet
waits at its recipient, which asks for the key, and nothing is refused for it.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import envelope_pb2, register_pb2
from bp_exchange.protocol.keys import NodeKeys, wrap
from bp_exchange.protocol.names import is_node_id
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_exchange.protocol.register import Directory
from bp_verify.seals import grant_signed, signed_by

EPOCH_BYTES = 8
KEY_BYTES = 32
WRAPPED_BYTES = EPOCH_BYTES + 40
LIFETIME = timedelta(days=1)
MAX_ENVELOPES = 10_000
_GRANT_BYTES = 2048
_INFO = b"bluepacific/2 epoch\0"
_WRAP = b"bluepacific/2 wrap"


@dataclass(frozen=True)
class Reader:
    """A node that may open an envelope, and the epoch by which."""

    node_id: str
    epoch: bytes
    key: bytes


def is_over(begun: datetime, used: int, now: datetime) -> bool:
    """Tells whether an epoch has lasted long enough. A clock that was set back ends it, too."""
    return used >= MAX_ENVELOPES or not timedelta(0) <= now - begun < LIFETIME


def wrap_key(content_key: bytes, reader: Reader, envelope_id: str) -> envelope_pb2.WrappedKey:
    """Wraps an envelope's content key for a reader."""
    wrapped = aes_key_wrap(_wrapping_key(reader.key, envelope_id), content_key)
    return envelope_pb2.WrappedKey(node=reader.node_id, wrapped=reader.epoch + wrapped)


def unwrap_key(wrapped: bytes, epoch_key: bytes, envelope_id: str) -> bytes:
    """Returns the content key.

    Raises:
        RefusedItemError: BAD_SEAL.
    """
    try:
        return aes_key_unwrap(_wrapping_key(epoch_key, envelope_id), wrapped[EPOCH_BYTES:])
    except (InvalidUnwrap, ValueError):
        raise RefusedItemError(Ground.BAD_SEAL) from None


def _wrapping_key(epoch_key: bytes, envelope_id: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=uuid.UUID(envelope_id).bytes, info=_WRAP).derive(epoch_key)


def make_grant(epoch: bytes, key: bytes, *, keys: NodeKeys, node: register_pb2.Node) -> envelope_pb2.SignedGrant:
    """Returns the grant of an epoch to a node."""
    info = _info(keys.node_id, node.node_id, epoch)
    grant = envelope_pb2.Grant(
        sender_node=keys.node_id, node=node.node_id, epoch=epoch, wrapped=wrap(key, node.hpke_key, info)
    )
    raw = grant.SerializeToString(deterministic=True)
    return envelope_pb2.SignedGrant(grant=raw, signature=keys.sign.sign(grant_signed(raw)))


def verify_grant(signed: envelope_pb2.SignedGrant, directory: Directory) -> envelope_pb2.Grant:
    """Returns a grant whose seal is its sender's.

    Raises:
        RefusedItemError: It will never be taken.
    """
    if len(signed.grant) > _GRANT_BYTES:
        raise RefusedItemError(Ground.TOO_LARGE)
    try:
        grant = envelope_pb2.Grant.FromString(signed.grant)
    except DecodeError:
        raise RefusedItemError(Ground.MALFORMED) from None
    if not is_node_id(grant.sender_node) or not is_node_id(grant.node) or len(grant.epoch) != EPOCH_BYTES:
        raise RefusedItemError(Ground.MALFORMED)
    sender = directory.nodes.get(grant.sender_node)
    if sender is None:
        raise RefusedItemError(Ground.UNKNOWN_SENDER)
    if sender.revoked:
        raise RefusedItemError(Ground.REVOKED_SENDER)
    if not signed_by(sender, signed.signature, grant_signed(signed.grant)):
        raise RefusedItemError(Ground.BAD_SEAL)
    return grant


def granted_key(sender_node: str, epoch: str, wrapped: bytes, keys: NodeKeys) -> bytes | None:
    """Returns the key that a grant carries; None where it is not sealed to this node."""
    try:
        key = keys.unwrap(wrapped, _info(sender_node, keys.node_id, bytes.fromhex(epoch)))
    except (InvalidTag, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None


def grant_id(signed: envelope_pb2.SignedGrant) -> str:
    """Returns the id by which a grant stands in queues."""
    return str(uuid.UUID(bytes=hashlib.sha256(signed.grant).digest()[:16]))


def _info(sender_node: str, node: str, epoch: bytes) -> bytes:
    return _INFO + sender_node.encode() + b"\0" + node.encode() + b"\0" + epoch
