"""Seals messages into envelopes and opens them again.

Two seals: the inner one, by the author's node, covers the digests of content and header, so that nobody can address the content anew;
the outer one, by the sending node, covers header, ciphertext and keys, so that a relay drops junk unread. Receivers verify the bytes as
they came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import envelope_pb2, register_pb2
from bp_exchange.protocol.batch_shape import INCARNATION_BYTES, LAST_SEQUENCE, MAX_AFTER, is_blob_key
from bp_exchange.protocol.keys import NodeKeys, wrap
from bp_exchange.protocol.limits import (
    MAX_BLOB_BYTES,
    MAX_BLOBS,
    MAX_CONTENT_BYTES,
    MAX_ENVELOPE_BYTES,
    MAX_HEADER_BYTES,
    MAX_NODES,
    MAX_RECIPIENTS,
)
from bp_exchange.protocol.names import (
    is_conversation,
    is_digest,
    is_id,
    is_moment,
    is_name,
    is_node_id,
    is_topic,
    is_traceparent,
)
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_exchange.protocol.register import Directory
from bp_verify.seals import inner_signed, outer_signed, signed_by

VERSION = 1
SUITE_ID = 1
_KEY_BYTES = 32
# What is no larger than a content needs no larger window; zstd would take 128 MiB for one because a few bytes say so.
_DECOMPRESSOR = partial(zstandard.ZstdDecompressor, max_window_size=2 * 1024 * 1024)
# A content key encrypts exactly one ciphertext, so its nonce may be constant.
_NONCE = bytes(12)


@dataclass(frozen=True)
class Opened:
    """An envelope that verified.

    Attributes:
        header: What relays may see.
        digest: SHA-256 of the envelope's bytes.
        content: The inside, where this node is addressed; None at a relay.
        nodes: Ids of the nodes whose keys it carries.
    """

    header: envelope_pb2.EnvelopeHeader
    digest: bytes
    content: envelope_pb2.Content | None
    nodes: tuple[str, ...]


def seal(
    header: envelope_pb2.EnvelopeHeader,
    content: envelope_pb2.Content,
    *,
    keys: NodeKeys,
    nodes: Sequence[tuple[str, bytes]],
    random: Callable[[int], bytes],
) -> bytes:
    """Returns a sealed envelope's bytes.

    Args:
        header: Complete but for version, suite and sender, which are set here.
        content: The inside.
        keys: Of the sending node, which is the author's.
        nodes: (node id, HPKE public key) of each node that may open it.
        random: Returns that many random bytes.
    """
    header.version, header.suite, header.sender_node = VERSION, SUITE_ID, keys.node_id
    header_bytes = header.SerializeToString(deterministic=True)
    inner = content.SerializeToString(deterministic=True)
    sealed = envelope_pb2.SealedContent(content=inner, signature=keys.sign.sign(inner_signed(header_bytes, inner)))
    content_key = random(_KEY_BYTES)
    ciphertext = AESGCM(content_key).encrypt(
        _NONCE, zstandard.compress(sealed.SerializeToString(deterministic=True)), header_bytes
    )
    envelope = envelope_pb2.Envelope(header=header_bytes, ciphertext=ciphertext)
    for node_id, public in nodes:
        envelope.keys.add(node=node_id, wrapped=wrap(content_key, public, header_bytes))
    envelope.signature = keys.sign.sign(outer_signed(envelope))
    return envelope.SerializeToString(deterministic=True)


def unseal(raw: bytes, *, directory: Directory, keys: NodeKeys) -> Opened:
    """Verifies an envelope and, where this node is addressed, opens it.

    Args:
        raw: The bytes as they came.
        directory: Of the current register.
        keys: This node's.

    Raises:
        RefusedItemError: It will never be taken, with the coded ground.
    """
    if len(raw) > MAX_ENVELOPE_BYTES:
        raise RefusedItemError(Ground.TOO_LARGE)
    try:
        envelope = envelope_pb2.Envelope.FromString(raw)
        if len(envelope.header) > MAX_HEADER_BYTES:
            raise RefusedItemError(Ground.TOO_MANY_RECIPIENTS)
        header = envelope_pb2.EnvelopeHeader.FromString(envelope.header)
    except DecodeError:
        raise RefusedItemError(Ground.MALFORMED) from None
    _check_shape(header, envelope)
    _check_sender(header, directory)
    sender = directory.nodes[header.sender_node]
    if not signed_by(sender, envelope.signature, outer_signed(envelope)):
        raise RefusedItemError(Ground.BAD_SEAL)
    return Opened(
        header=header,
        digest=hashlib.sha256(raw).digest(),
        content=_open(envelope, len(header.blobs), keys, sender),
        nodes=tuple(key.node for key in envelope.keys),
    )


def header_of(raw: bytes) -> envelope_pb2.EnvelopeHeader:
    """Returns the header of an envelope that was verified before."""
    return envelope_pb2.EnvelopeHeader.FromString(envelope_pb2.Envelope.FromString(raw).header)


def _check_shape(header: envelope_pb2.EnvelopeHeader, envelope: envelope_pb2.Envelope) -> None:
    """Refuses what no honest node writes, before any of it reaches a database."""
    if header.version != VERSION or header.suite != SUITE_ID:
        raise RefusedItemError(Ground.UNKNOWN_VERSION)
    if len(header.recipients) > MAX_RECIPIENTS or len(envelope.keys) > MAX_NODES:
        raise RefusedItemError(Ground.TOO_MANY_RECIPIENTS)
    if len(header.blobs) > MAX_BLOBS or any(not 0 <= blob.size_bytes <= MAX_BLOB_BYTES for blob in header.blobs):
        raise RefusedItemError(Ground.TOO_LARGE)
    well_formed = (
        is_id(header.envelope_id)
        and 0 < header.sequence <= LAST_SEQUENCE
        and is_topic(header.topic)
        and is_traceparent(header.traceparent)
        and is_conversation(header.conversation)
        and header.recipients
        and all(is_name(name) for name in (header.author, *header.recipients))
        and all(is_node_id(key.node) for key in envelope.keys)
        and all(is_digest(blob.digest) for blob in header.blobs)
        and len(set(header.recipients)) == len(header.recipients)
        and is_moment(header.expire_time)
        and is_moment(header.create_time)
        and len(header.after) <= MAX_AFTER
        and (not header.after or len(header.incarnation_id) == INCARNATION_BYTES)
        and all(0 < one < header.sequence for one in header.after)
    )
    if not well_formed:
        raise RefusedItemError(Ground.MALFORMED)


def _check_sender(header: envelope_pb2.EnvelopeHeader, directory: Directory) -> None:
    sender = directory.nodes.get(header.sender_node)
    if sender is None:
        raise RefusedItemError(Ground.UNKNOWN_SENDER)
    if sender.revoked:
        raise RefusedItemError(Ground.REVOKED_SENDER)
    if directory.revokes(header.author):
        raise RefusedItemError(Ground.REVOKED_UNIT)
    if not directory.serves(header.sender_node, header.author):
        raise RefusedItemError(Ground.BAD_AUTHOR)


def sealed_content(envelope: envelope_pb2.Envelope, keys: NodeKeys) -> envelope_pb2.SealedContent | None:
    """Returns what is inside an envelope, with the inner seal that is not verified yet; None where this node is not addressed.

    Raises:
        RefusedItemError: It cannot be opened.
    """
    wrapped = next((key.wrapped for key in envelope.keys if key.node == keys.node_id), None)
    if wrapped is None:
        return None
    try:
        content_key = keys.unwrap(wrapped, envelope.header)
        compressed = AESGCM(content_key).decrypt(_NONCE, envelope.ciphertext, envelope.header)
        return envelope_pb2.SealedContent.FromString(_decompress(compressed))
    except (InvalidTag, ValueError, DecodeError):
        raise RefusedItemError(Ground.BAD_SEAL) from None


def _open(
    envelope: envelope_pb2.Envelope, blobs: int, keys: NodeKeys, author: register_pb2.Node
) -> envelope_pb2.Content | None:
    sealed = sealed_content(envelope, keys)
    if sealed is None:
        return None
    try:
        content = envelope_pb2.Content.FromString(sealed.content)
    except DecodeError:
        raise RefusedItemError(Ground.BAD_SEAL) from None
    if not signed_by(author, sealed.signature, inner_signed(envelope.header, sealed.content)):
        raise RefusedItemError(Ground.BAD_SEAL)
    if len(content.blobs) != blobs or not all(is_blob_key(key) for key in content.blobs):
        raise RefusedItemError(Ground.MALFORMED)
    return content


def _decompress(compressed: bytes) -> bytes:
    try:
        # One byte more than allowed tells a bomb without unpacking it.
        plain = _DECOMPRESSOR().stream_reader(compressed).read(MAX_CONTENT_BYTES + 1)
    except zstandard.ZstdError:
        raise RefusedItemError(Ground.MALFORMED) from None
    if len(plain) > MAX_CONTENT_BYTES:
        raise RefusedItemError(Ground.TOO_LARGE)
    return plain
