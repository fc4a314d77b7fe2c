"""A removable medium's blocks: signed, read and verified. Each stands for itself, so that any order, repeat or part of them is harmless.

Envelopes, receipts, registers and files prove themselves, as on a link. The block's signature adds what a link has by its TLS: that
acknowledgements, and which item has which id, are the peer's own words.
"""

from __future__ import annotations

import hashlib

from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import medium_pb2
from bp_exchange.protocol.keys import NodeKeys
from bp_exchange.protocol.names import is_digest, is_id, is_moment
from bp_exchange.protocol.register import Directory
from bp_verify.seals import signed_by

MAGIC = b"BPMEDIUM1\n"
VERSION = 1
LENGTH_BYTES = 4
# An item has at most 2 MiB; nothing else makes a block this large.
MAX_BLOCK_BYTES = 4 * 1024 * 1024
MAX_ITEMS = 64
MAX_ACKS = 10_000
MAX_WANTS = 1000
MAX_NUMBER = 2**31 - 1
_PREFIX = b"bluepacific/1 medium\0"


class MediumRefusedError(Exception):
    """A block, or a whole medium, of which nothing is taken.

    Attributes:
        reason: An `ErrorReason` without prefix.
        node: The node it is about, where one is.
    """

    def __init__(self, reason: str, node: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.node = node


def network_of(first_root: bytes) -> bytes:
    """Returns what tells one network from another: the digest of its first root."""
    return hashlib.sha256(first_root).digest()


def sign_block(content: medium_pb2.MediumContent, keys: NodeKeys) -> bytes:
    """Returns a block as it stands on the medium, with its length before it."""
    raw = content.SerializeToString(deterministic=True)
    block = medium_pb2.MediumBlock(content=raw, signature=keys.sign.sign(_PREFIX + raw)).SerializeToString()
    return len(block).to_bytes(LENGTH_BYTES) + block


def verify_block(raw: bytes, *, directory: Directory, own: str, network: bytes) -> medium_pb2.MediumContent:
    """Returns what a peer put into a block for this node.

    Args:
        raw: The block's bytes, without their length.
        directory: Of the current register.
        own: This node's id.
        network: As `network_of` says.

    Raises:
        MediumRefusedError: It is damaged, or not for this node to take.
    """
    try:
        block = medium_pb2.MediumBlock.FromString(raw)
        content = medium_pb2.MediumContent.FromString(block.content)
    except DecodeError:
        raise MediumRefusedError("MEDIUM_DAMAGED") from None
    if content.version != VERSION:
        raise MediumRefusedError("MEDIUM_UNREADABLE" if content.version else "MEDIUM_DAMAGED")
    if content.network != network:
        raise MediumRefusedError("MEDIUM_OF_ANOTHER_NETWORK")
    sender = directory.trusted(content.from_node)
    if sender is None or not (sender.centre or directory.nodes[own].centre):
        raise MediumRefusedError("MEDIUM_SENDER_NOT_TRUSTED", _shown(content.from_node))
    if not signed_by(sender, block.signature, _PREFIX + block.content):
        raise MediumRefusedError("MEDIUM_DAMAGED")
    if content.to_node != own:
        raise MediumRefusedError("MEDIUM_FOR_ANOTHER_NODE", _shown(content.to_node))
    if not _well_formed(content):
        raise MediumRefusedError("MEDIUM_DAMAGED")
    return content


def _well_formed(content: medium_pb2.MediumContent) -> bool:
    acks = [*content.ack.stored, *(one.item_id for one in content.ack.refused)]
    return (
        is_id(content.medium_id)
        and content.number <= MAX_NUMBER
        and len(content.items) <= MAX_ITEMS
        and len(acks) <= MAX_ACKS
        and len(content.wants.digests) <= MAX_WANTS
        and all(is_digest(one) for one in content.wants.digests)
        and is_moment(content.create_time)
        and all(is_id(one) for one in acks)
        and all(is_id(one.item_id) for one in content.items)
    )


def _shown(node: str) -> str:
    return "".join(letter for letter in node[:31] if letter.isascii() and letter.isprintable())


class BlockReader:
    """Cuts a medium's bytes into blocks, in constant memory.

    Attributes:
        broken: The rest cannot be read: it is no medium, or a length is impossible.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._begun = False
        self.broken = False

    @property
    def is_medium(self) -> bool:
        """Whether it began as a medium does."""
        return self._begun

    @property
    def leftover(self) -> bool:
        """Whether the bytes so far end within a block."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        """Returns the blocks that are whole now; after something impossible, none any more."""
        if self.broken:
            return []
        self._held += data
        if not self._begun:
            if len(self._held) < len(MAGIC):
                return []
            if not self._held.startswith(MAGIC):
                self._stop()
                return []
            self._begun = True
            del self._held[: len(MAGIC)]
        return self._whole()

    def _whole(self) -> list[bytes]:
        blocks = []
        while len(self._held) >= LENGTH_BYTES:
            size = int.from_bytes(self._held[:LENGTH_BYTES])
            if not 0 < size <= MAX_BLOCK_BYTES:
                self._stop()
                break
            if len(self._held) < LENGTH_BYTES + size:
                break
            blocks.append(bytes(self._held[LENGTH_BYTES : LENGTH_BYTES + size]))
            del self._held[: LENGTH_BYTES + size]
        return blocks

    def _stop(self) -> None:
        self.broken = True
        self._held.clear()
