"""What no honest node writes into an envelope of version 2; refused before any of it reaches a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import envelope_pb2
from bp_exchange.protocol.epoch import WRAPPED_BYTES
from bp_exchange.protocol.limits import MAX_BLOB_BYTES, MAX_BLOBS, MAX_NODES, MAX_RECIPIENTS
from bp_exchange.protocol.names import is_conversation, is_digest, is_moment, is_name, is_node_id, is_topic
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_exchange.protocol.register import Directory
from bp_exchange.protocol.trace import TRACE_BYTES

MAX_MESSAGES = 1000
MAX_AFTER = 64
INCARNATION_BYTES = 8
_ID_BYTES = 16
_KEY_BYTES = 32
LAST_SEQUENCE = 2**63 - 1


class Inside(Protocol):
    """A message as its envelope has it."""

    @property
    def message_id(self) -> str:
        """Its id."""

    @property
    def head(self) -> envelope_pb2.MessageHead:
        """Who sends what to whom."""

    @property
    def content(self) -> envelope_pb2.Content:
        """What it says."""


def check_header(header: envelope_pb2.EnvelopeHeader, keys: Sequence[envelope_pb2.WrappedKey]) -> None:
    """Checks what relays see.

    Raises:
        RefusedItemError: UNKNOWN_VERSION, TOO_MANY_RECIPIENTS, TOO_LARGE, MALFORMED.
    """
    if header.suite != 2:  # noqa: PLR2004 - the suite of version 2
        raise RefusedItemError(Ground.UNKNOWN_VERSION)
    if len(keys) > MAX_NODES:
        raise RefusedItemError(Ground.TOO_MANY_RECIPIENTS)
    if any(not 0 <= blob.size_bytes <= MAX_BLOB_BYTES for blob in header.blobs):
        raise RefusedItemError(Ground.TOO_LARGE)
    well_formed = (
        len(header.incarnation_id) == INCARNATION_BYTES
        and 0 < header.sequence <= LAST_SEQUENCE
        and keys
        and all(is_node_id(key.node) and len(key.wrapped) == WRAPPED_BYTES for key in keys)
        and len({key.node for key in keys}) == len(keys)
        and all(is_digest(blob.digest) for blob in header.blobs)
        and len(header.after) <= MAX_AFTER
        and all(0 < one < header.sequence for one in header.after)
        and is_moment(header.expire_time)
    )
    if not well_formed:
        raise RefusedItemError(Ground.MALFORMED)


def check_messages(header: envelope_pb2.EnvelopeHeader, messages: Sequence[Inside], directory: Directory) -> None:
    """Checks the inside, against the header and the register.

    Raises:
        RefusedItemError: TOO_MANY_RECIPIENTS, MALFORMED, BAD_AUTHOR.
    """
    if any(len(one.head.recipients) > MAX_RECIPIENTS for one in messages):
        raise RefusedItemError(Ground.TOO_MANY_RECIPIENTS)
    keys = [key for one in messages for key in one.content.blobs]
    well_formed = (
        len({one.message_id for one in messages}) == len(messages)
        and all(_is_head(one.head) for one in messages)
        and all(len(one.content.blobs) <= MAX_BLOBS for one in messages)
        and len(keys) == len(header.blobs)
        and all(is_blob_key(key) for key in keys)
        and strictest(one.content for one in messages) == header.tlp
        and is_exercise(one.content for one in messages) == header.exercise
    )
    if not well_formed:
        raise RefusedItemError(Ground.MALFORMED)
    if not all(directory.hosts(header.sender_node, one.head.author) for one in messages):
        raise RefusedItemError(Ground.BAD_AUTHOR)


def is_blob_key(key: envelope_pb2.BlobKey) -> bool:
    """Tells whether it can open a file."""
    return bool(
        len(key.key) == _KEY_BYTES and is_digest(key.blob.digest) and 0 <= key.blob.size_bytes <= MAX_BLOB_BYTES
    )


def strictest(contents: Iterable[envelope_pb2.Content]) -> handling_pb2.Tlp.ValueType:
    """Returns the strictest label of messages."""
    return max((one.handling.tlp for one in contents), default=handling_pb2.TLP_UNSPECIFIED)


def is_exercise(contents: Iterable[envelope_pb2.Content]) -> bool:
    """Tells whether messages belong to an exercise.

    Raises:
        RefusedItemError: MALFORMED: some do and some do not.
    """
    told = {one.handling.exercise for one in contents}
    if len(told) > 1:
        raise RefusedItemError(Ground.MALFORMED)
    return told == {True}


def _is_head(head: envelope_pb2.MessageHead) -> bool:
    return bool(
        len(head.message_id) == _ID_BYTES
        and is_topic(head.topic)
        and head.recipients
        and len(set(head.recipients)) == len(head.recipients)
        and all(is_name(name) for name in (head.author, *head.recipients))
        and is_conversation(head.conversation)
        and is_moment(head.create_time)
        and is_moment(head.expire_time)
        and len(head.trace) in (0, TRACE_BYTES)
    )
