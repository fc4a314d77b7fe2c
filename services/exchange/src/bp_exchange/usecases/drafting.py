"""A message that is not sealed yet: what of it will travel, and with which others it may be sealed."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from bluepacific.exchange.v1 import envelope_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.batch import VERSION
from bp_exchange.protocol.limits import MAX_CONTENT_BYTES
from bp_exchange.protocol.trace import packed
from bp_exchange.usecases.records import SealedFile
from bp_exchange.usecases.work import Work
from bp_kit.errors import Refused

_KEY_LETTERS = 32
# Left for what surrounds a content.
_FRAME_BYTES = 64 * 1024


@dataclass(frozen=True)
class FileKey:
    """A file that was encrypted for its journey: its ciphertext, and the key that opens it."""

    sealed: SealedFile
    key: bytes


@dataclass(frozen=True)
class Route:
    """Where a message goes.

    Attributes:
        nodes: Recipient -> node id, in the order of the recipients, everybody named.
        own: Id of this node.
    """

    nodes: dict[str, str]
    own: str

    @property
    def others(self) -> list[str]:
        """The other nodes, each once."""
        return [node for node in dict.fromkeys(self.nodes.values()) if node != self.own]

    def at(self, node_id: str) -> list[str]:
        """Returns the recipients at a node."""
        return [recipient for recipient, node in self.nodes.items() if node == node_id]


def is_batched(work: Work, route: Route) -> bool:
    """Tells whether a message may travel in an envelope of version 2: everybody on its way must understand it, this node included."""
    hops = {work.directory.next_hop(route.own, node) for node in route.others}
    return bool(hops) and work.directory.understand({route.own, *hops, *route.others}, VERSION)


def content_of(message: topics_pb2.Message, files: Sequence[FileKey]) -> envelope_pb2.Content:
    """Returns what only recipients can read.

    Raises:
        Refused: INVALID_FIELD: it is too large.
    """
    content = envelope_pb2.Content(
        payload=message.payload,
        blobs=[envelope_pb2.BlobKey(blob=blob, key=one.key) for blob, one in zip(message.blobs, files, strict=True)],
    )
    if message.HasField("handling"):
        content.handling.CopyFrom(message.handling)
    if content.ByteSize() > MAX_CONTENT_BYTES - _FRAME_BYTES:
        raise Refused("INVALID_FIELD", field="message", description="is too large")
    return content


def drafted(message: topics_pb2.Message, route: Route, files: Sequence[FileKey], traceparent: str) -> bytes:
    """Returns a serialised KeptMessage that is not sealed yet.

    Raises:
        Refused: INVALID_FIELD: it is too large.
    """
    head = envelope_pb2.MessageHead(
        message_id=uuid.UUID(message.message_id).bytes,
        topic=message.topic,
        author=message.author,
        recipients=list(route.nodes),
        urgency=message.urgency,
        conversation=message.conversation,
        trace=packed(traceparent),
    )
    if message.HasField("create_time"):
        head.create_time.CopyFrom(message.create_time)
    if message.HasField("expire_time"):
        head.expire_time.CopyFrom(message.expire_time)
    kept = envelope_pb2.KeptMessage(
        head=head.SerializeToString(deterministic=True),
        content=content_of(message, files).SerializeToString(deterministic=True),
        blobs=[envelope_pb2.SealedBlob(digest=one.sealed.digest, size_bytes=one.sealed.size) for one in files],
    )
    return kept.SerializeToString(deterministic=True)


def draft_of(message: topics_pb2.Message, route: Route) -> str:
    """Returns what messages share that may be sealed together: the nodes they are for, and whether they are of an exercise."""
    nodes = "\0".join(sorted(route.others))
    digest = hashlib.sha256(nodes.encode() + bytes([message.handling.exercise]))
    return "m" + digest.hexdigest()[:_KEY_LETTERS]
