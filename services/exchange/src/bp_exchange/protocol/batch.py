"""Envelopes of version 2: messages for the same nodes, sealed together, each provable alone (docs/adr/0008).

Made in two steps. What takes time, compressing, needs neither sequence nor epoch and is done before; then all is bound together. Opening
verifies the bytes as they came.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import envelope_pb2
from bp_exchange.protocol.batch_shape import MAX_MESSAGES, check_header, check_messages
from bp_exchange.protocol.compression import NEWEST_DICTIONARY, compress, decompress, padded
from bp_exchange.protocol.epoch import EPOCH_BYTES, Reader, unwrap_key, wrap_key
from bp_exchange.protocol.keys import NodeKeys
from bp_exchange.protocol.limits import MAX_ENVELOPE_BYTES, MAX_HEADER_BYTES
from bp_exchange.protocol.merkle import root_of
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_exchange.protocol.register import Directory
from bp_verify.messages import envelope_id_of, message_leaf, salted
from bp_verify.seals import outer_signed, outer_signed_of, root_signed, signed_by

VERSION = 2
SUITE_ID = 2
MAX_BODY_BYTES = 1536 * 1024
_KEY_BYTES = 32
_SEAL_BYTES = 64
_SALT_BYTES = 16
# A content key encrypts exactly one ciphertext, so its nonce may be constant.
_NONCE = bytes(12)

# The key of (sender's node id, epoch in hexadecimal); None where it is not known.
EpochKeys = Callable[[str, str], bytes | None]


@dataclass(frozen=True)
class Prepared:
    """Messages that need only a header.

    Attributes:
        content_key: Encrypts them.
        compressed: The messages.
        kept: What is kept of each message, with its content.
        leaves: Their leaves.
    """

    content_key: bytes
    compressed: bytes
    kept: tuple[envelope_pb2.KeptMessage, ...]
    leaves: tuple[bytes, ...]


@dataclass(frozen=True)
class OpenedMessage:
    """A message of an envelope: its head, its content, its leaf, and what is kept of it."""

    message_id: str
    head: envelope_pb2.MessageHead
    content: envelope_pb2.Content
    leaf: bytes
    kept: envelope_pb2.KeptMessage


@dataclass(frozen=True)
class OpenedBatch:
    """An envelope of version 2 that verified.

    Attributes:
        envelope_id: Its id.
        header: What relays may see.
        digest: SHA-256 of what the outer seal is over.
        seals: What is kept to prove its messages.
        nodes: Ids of the nodes whose keys it carries.
        messages: The inside; None where this node is not addressed, or cannot open it yet.
        awaited: The epoch whose key is missing, in hexadecimal.
    """

    envelope_id: str
    header: envelope_pb2.EnvelopeHeader
    digest: bytes
    seals: envelope_pb2.KeptSeals
    nodes: tuple[str, ...]
    messages: tuple[OpenedMessage, ...] | None
    awaited: str = ""

    @property
    def incarnation(self) -> str:
        """The sender's incarnation, as far as its envelopes tell it."""
        return self.header.incarnation_id.hex()


def prepare(messages: Sequence[tuple[bytes, bytes]], *, random: Callable[[int], bytes]) -> Prepared:
    """Compresses messages, each a serialised head and a serialised content. Takes time."""
    content_key = random(_KEY_BYTES)
    sealed = envelope_pb2.SealedMessages(
        heads=[head for head, _ in messages], contents=[inner for _, inner in messages]
    )
    kept = tuple(_kept(content_key, at, head, inner) for at, (head, inner) in enumerate(messages))
    leaves = tuple(_leaf(one) for one in kept)
    return Prepared(
        content_key, compress(sealed.SerializeToString(deterministic=True), NEWEST_DICTIONARY), kept, leaves
    )


def finish(
    prepared: Prepared, header: envelope_pb2.EnvelopeHeader, *, keys: NodeKeys, readers: Sequence[Reader]
) -> tuple[OpenedBatch, bytes]:
    """Binds prepared messages to a header and to those who may open them. Returns the envelope, and its bytes.

    Args:
        prepared: By `prepare`.
        header: With incarnation, sequence, urgency, blobs and what else is said of all; the rest is set here.
        keys: Of the sending node, which is the author's.
        readers: Who may open it.
    """
    header.version, header.suite, header.sender_node = VERSION, SUITE_ID, keys.node_id
    header.dictionary = NEWEST_DICTIONARY
    raw = header.SerializeToString(deterministic=True)
    envelope_id = envelope_id_of(keys.node_id, header.incarnation_id, header.sequence)
    root = root_of(prepared.leaves)
    inner = keys.sign.sign(root_signed(root, len(prepared.leaves), envelope_id))
    body = inner + prepared.compressed
    body = body.ljust(padded(len(body)), b"\0")
    envelope = envelope_pb2.Envelope(header=raw, ciphertext=AESGCM(prepared.content_key).encrypt(_NONCE, body, raw))
    envelope.keys.extend(wrap_key(prepared.content_key, reader, envelope_id) for reader in readers)
    envelope.signature = keys.sign.sign(outer_signed(envelope))
    return _opened(envelope, header, envelope_id, inner=inner), envelope.SerializeToString(deterministic=True)


def unseal_batch(
    envelope: envelope_pb2.Envelope,
    header: envelope_pb2.EnvelopeHeader,
    *,
    directory: Directory,
    keys: NodeKeys,
    epochs: EpochKeys,
) -> OpenedBatch:
    """Verifies an envelope and, where this node is addressed and has the key of its epoch, opens it.

    Args:
        envelope: As it came.
        header: Its header.
        directory: Of the current register.
        keys: This node's.
        epochs: The keys that this node was granted.

    Raises:
        RefusedItemError: It will never be taken, with the coded ground.
    """
    check_header(header, envelope.keys)
    sender = directory.nodes.get(header.sender_node)
    if sender is None:
        raise RefusedItemError(Ground.UNKNOWN_SENDER)
    if sender.revoked:
        raise RefusedItemError(Ground.REVOKED_SENDER)
    if not signed_by(sender, envelope.signature, outer_signed(envelope)):
        raise RefusedItemError(Ground.BAD_SEAL)
    envelope_id = envelope_id_of(header.sender_node, header.incarnation_id, header.sequence)
    wrapped = next((key.wrapped for key in envelope.keys if key.node == keys.node_id), None)
    if wrapped is None:
        return _opened(envelope, header, envelope_id)
    epoch = wrapped[:EPOCH_BYTES].hex()
    epoch_key = epochs(header.sender_node, epoch)
    if epoch_key is None:
        return _opened(envelope, header, envelope_id, awaited=epoch)
    content_key = unwrap_key(wrapped, epoch_key, envelope_id)
    inner, messages = _open(envelope, header, content_key)
    root = root_of([one.leaf for one in messages])
    if not signed_by(sender, inner, root_signed(root, len(messages), envelope_id)):
        raise RefusedItemError(Ground.BAD_SEAL)
    check_messages(header, messages, directory)
    return _opened(envelope, header, envelope_id, inner=inner, messages=messages)


def read_batch(raw: bytes) -> tuple[envelope_pb2.Envelope, envelope_pb2.EnvelopeHeader] | None:
    """Returns an envelope and its header, not verified yet; None where it is not of version 2.

    Raises:
        RefusedItemError: TOO_LARGE, MALFORMED.
    """
    envelope, header = batch_of(raw)
    return (envelope, header) if header.version == VERSION else None


def batch_of(raw: bytes) -> tuple[envelope_pb2.Envelope, envelope_pb2.EnvelopeHeader]:
    """Returns an envelope and its header, not verified yet.

    Raises:
        RefusedItemError: TOO_LARGE, MALFORMED.
    """
    if len(raw) > MAX_ENVELOPE_BYTES:
        raise RefusedItemError(Ground.TOO_LARGE)
    try:
        envelope = envelope_pb2.Envelope.FromString(raw)
        if len(envelope.header) > MAX_HEADER_BYTES:
            raise RefusedItemError(Ground.TOO_MANY_RECIPIENTS)
        return envelope, envelope_pb2.EnvelopeHeader.FromString(envelope.header)
    except DecodeError:
        raise RefusedItemError(Ground.MALFORMED) from None


def epoch_of(envelope: envelope_pb2.Envelope, _header: envelope_pb2.EnvelopeHeader, own: str) -> str:
    """Returns the epoch that this node needs to open an envelope, in hexadecimal; empty where it is not addressed."""
    return next((key.wrapped[:EPOCH_BYTES].hex() for key in envelope.keys if key.node == own), "")


def _opened(
    envelope: envelope_pb2.Envelope,
    header: envelope_pb2.EnvelopeHeader,
    envelope_id: str,
    *,
    inner: bytes = b"",
    messages: tuple[OpenedMessage, ...] | None = None,
    awaited: str = "",
) -> OpenedBatch:
    seals = envelope_pb2.KeptSeals(
        header=envelope.header,
        ciphertext_sha256=hashlib.sha256(envelope.ciphertext).digest(),
        keys=envelope.keys,
        signature=envelope.signature,
        inner_signature=inner,
    )
    digest = hashlib.sha256(outer_signed_of(seals.header, seals.ciphertext_sha256, seals.keys)).digest()
    nodes = tuple(key.node for key in envelope.keys)
    return OpenedBatch(envelope_id, header, digest, seals, nodes, messages, awaited)


def _open(
    envelope: envelope_pb2.Envelope,
    header: envelope_pb2.EnvelopeHeader,
    content_key: bytes,
) -> tuple[bytes, tuple[OpenedMessage, ...]]:
    try:
        body = AESGCM(content_key).decrypt(_NONCE, envelope.ciphertext, envelope.header)
    except (InvalidTag, ValueError):
        raise RefusedItemError(Ground.BAD_SEAL) from None
    inner, compressed = body[:_SEAL_BYTES], body[_SEAL_BYTES:]
    try:
        sealed = envelope_pb2.SealedMessages.FromString(decompress(compressed, MAX_BODY_BYTES, header.dictionary))
        if len(sealed.heads) != len(sealed.contents) or not 0 < len(sealed.heads) <= MAX_MESSAGES:
            raise RefusedItemError(Ground.MALFORMED)
        pairs = zip(sealed.heads, sealed.contents, strict=True)
        messages = tuple(_opened_message(content_key, at, head, inner) for at, (head, inner) in enumerate(pairs))
    except (DecodeError, ValueError):
        raise RefusedItemError(Ground.MALFORMED) from None
    return inner, messages


def _opened_message(content_key: bytes, at: int, head: bytes, content: bytes) -> OpenedMessage:
    parsed = envelope_pb2.MessageHead.FromString(head)
    kept = _kept(content_key, at, head, content)
    message_id = str(uuid.UUID(bytes=parsed.message_id))
    return OpenedMessage(message_id, parsed, envelope_pb2.Content.FromString(content), _leaf(kept), kept)


def _kept(content_key: bytes, at: int, head: bytes, content: bytes) -> envelope_pb2.KeptMessage:
    head_salt, content_salt = _salt(content_key, b"head", at), _salt(content_key, b"content", at)
    return envelope_pb2.KeptMessage(
        head=head,
        content=content,
        head_salt=head_salt,
        content_salt=content_salt,
        content_digest=salted(content_salt, content),
    )


def _leaf(kept: envelope_pb2.KeptMessage) -> bytes:
    return message_leaf(salted(kept.head_salt, kept.head), kept.content_digest)


def _salt(content_key: bytes, kind: bytes, at: int) -> bytes:
    """Salts need not travel, and one tells nothing of another nor of the key."""
    return hmac.digest(content_key, b"bluepacific/2 salt " + kind + at.to_bytes(4), "sha256")[:_SALT_BYTES]
