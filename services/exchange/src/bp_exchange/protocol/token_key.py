"""A node's word that a key signs its people's tokens, and whether it still counts (docs/adr/0010-tokens-abroad.md)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import register_pb2
from bluepacific.exchange.v1 import trust_service_pb2 as trust_pb2
from bp_exchange.protocol.keys import NodeKeys
from bp_exchange.protocol.register import Directory
from bp_kit.errors import Refused
from bp_verify.seals import signed_by

# Longer than any token that carries it; short, since nothing takes one back but the register.
LIFETIME = timedelta(hours=1)
# Clocks of nodes differ.
_LEEWAY = timedelta(minutes=5)
_PREFIX = b"bluepacific/1 token key\0"


def certify(keys: NodeKeys, public_key: bytes, now: datetime) -> bytes:
    """Returns a serialised `TokenKeyCertificate`.

    Args:
        keys: The node's.
        public_key: Ed25519, 32 bytes.
        now: The time now.
    """
    said = trust_pb2.TokenKey(node_id=keys.node_id, public_key=public_key)
    said.expire_time.FromSeconds(int((now + LIFETIME).timestamp()))
    raw = said.SerializeToString(deterministic=True)
    signed = trust_pb2.TokenKeyCertificate(token_key=raw, signature=keys.sign.sign(_PREFIX + raw))
    return signed.SerializeToString(deterministic=True)


def check(certificate: bytes, directory: Directory, now: datetime) -> tuple[trust_pb2.TokenKey, register_pb2.Node]:
    """Returns what a certificate says and the node that says it.

    Args:
        certificate: From a token: may be anything.
        directory: The register, as far as it is believed now.
        now: The time now.

    Raises:
        Refused: NODE_NOT_TRUSTED: it is no certificate, is over, or is not by a key that stands for a node of the register.
    """
    try:
        signed = trust_pb2.TokenKeyCertificate.FromString(certificate)
        said = trust_pb2.TokenKey.FromString(signed.token_key)
        expires = datetime.fromtimestamp(said.expire_time.seconds, UTC)
    except (DecodeError, ValueError, OverflowError, OSError):
        raise Refused("NODE_NOT_TRUSTED") from None
    node = directory.trusted(said.node_id)
    if node is None or not signed_by(node, signed.signature, _PREFIX + signed.token_key):
        raise Refused("NODE_NOT_TRUSTED")
    if not now - _LEEWAY < expires < now + LIFETIME + _LEEWAY:
        raise Refused("NODE_NOT_TRUSTED")
    return said, node
