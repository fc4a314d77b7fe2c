"""Reads of personal data: each batch is one entry of the node's log, and other countries hear of those of their records.

The log's entry holds the root of a tree over the batch's reads, each with a salt: so one read can be proven without the others, and the
log, which forgets nothing, names nobody. Whose records they are learns of people of other countries under a pseudonym: enough to tell
whether it was the same person twice, and to ask that country.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Protocol

from google.protobuf.message import DecodeError

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import log_pb2, read_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.keys import NodeKeys
from bp_exchange.protocol.merkle import root_of
from bp_exchange.protocol.names import is_id, is_moment
from bp_exchange.usecases.sending import send
from bp_exchange.usecases.work import Work
from bp_kit.names import country_of
from bp_verify.merkle import leaf_hash

TOPIC = "bluepacific.exchange.v1.reads"
_COUNTRY = re.compile(r"countries/[A-Z]{3}(/|$)")
_SALT_BYTES = 16
_PSEUDONYM_LETTERS = 32
_PSEUDONYM = b"bluepacific readers"


@dataclass(frozen=True)
class KeptRead:
    """A read as it is kept.

    Attributes:
        read: It.
        batch_id: Of its entry in this node's log; empty where another node has it.
        position: Its place in the batch.
        salt: Of its leaf.
    """

    read: read_pb2.Read
    batch_id: str = ""
    position: int = 0
    salt: bytes = b""

    @property
    def body(self) -> bytes:
        """What its leaf is over, after the salt."""
        return self.read.SerializeToString(deterministic=True)

    @property
    def leaf(self) -> bytes:
        """Its leaf in the batch's tree."""
        return leaf_hash(self.salt + self.body)


class Reads(Protocol):
    """Reads that are kept."""

    async def has_batch(self, batch_id: str) -> bool:
        """Tells whether the batch is in the log."""

    async def add(self, reads: Sequence[KeptRead]) -> None:
        """Keeps reads; those that are there already stay as they are."""


async def record_reads(work: Work, kept: Reads, batch_id: str, reads: Sequence[read_pb2.Read], country: str) -> None:
    """Takes a batch into the log, and tells other countries of those of their records.

    Args:
        work: The transaction.
        kept: Where reads are kept.
        batch_id: The batch's; repeating it changes nothing.
        reads: Of this node's people, as the service kept them.
        country: The country this node speaks for.
    """
    if await kept.has_batch(batch_id):
        return
    for read in reads:
        read.node_id = work.keys.node_id
    batch = [KeptRead(read, batch_id, at, work.random(_SALT_BYTES)) for at, read in enumerate(reads)]
    await kept.add(batch)
    entry = log_pb2.LogEntry(
        event=log_pb2.LOG_EVENT_READ, envelope_id=batch_id, digest=root_of([one.leaf for one in batch])
    )
    entry.event_time.FromDatetime(work.clock())
    await work.journal.append([entry])
    await _report(work, reads, f"countries/{country}")


async def keep_reported(work: Work, kept: Reads, message: topics_pb2.Message) -> None:
    """Keeps what another node tells of reads of this node's records; whatever else it tells is passed over."""
    node = work.directory.node_of(message.author)
    try:
        reported = read_pb2.ReadsReported.FromString(message.payload)
    except DecodeError:
        return
    if node is None or node.node_id == work.keys.node_id:
        return
    for read in reported.reads:
        read.node_id = node.node_id
    await kept.add([KeptRead(read) for read in reported.reads if _is_fit(work, message.author, read)])


def _is_fit(work: Work, author: str, read: read_pb2.Read) -> bool:
    own = _COUNTRY.match(read.record) is not None and work.directory.serves(work.keys.node_id, read.record)
    theirs = _COUNTRY.match(read.principal) is not None and country_of(read.principal) == country_of(author)
    texts = (read.record, read.principal, read.permission)
    fits = all(len(text) <= limit and "\0" not in text for text, limit in zip(texts, (255, 200, 200), strict=True))
    return own and theirs and fits and is_id(read.read_id) and is_moment(read.read_time)


async def _report(work: Work, reads: Sequence[read_pb2.Read], author: str) -> None:
    abroad: dict[str, list[read_pb2.Read]] = defaultdict(list)
    for read in reads:
        owner = work.directory.node_of(read.record) if _COUNTRY.match(read.record) else None
        if owner is not None and owner.node_id != work.keys.node_id:
            abroad[f"countries/{country_of(read.record)}"].append(_pseudonymous(read, work.keys))
    for owner_name, told in abroad.items():
        message = topics_pb2.Message(
            message_id=work.ids(),
            topic=TOPIC,
            author=author,
            recipients=[owner_name],
            urgency=handling_pb2.URGENCY_BULK,
            payload=read_pb2.ReadsReported(reads=told).SerializeToString(deterministic=True),
        )
        message.create_time.FromDatetime(work.clock().astimezone(UTC))
        await send(work, message, [], "")


def _pseudonymous(read: read_pb2.Read, keys: NodeKeys) -> read_pb2.Read:
    told = read_pb2.Read()
    told.CopyFrom(read)
    if _COUNTRY.match(read.principal):
        told.principal = f"countries/{country_of(read.principal)}/readers/{pseudonym_of(read.principal, keys)}"
    return told


def pseudonym_of(principal: str, keys: NodeKeys) -> str:
    """Returns what a person is called towards other countries: nobody without this node's key can tell who that is."""
    # Ed25519 signs without chance, so its signature over a constant is a secret that lasts as long as the key.
    secret = hashlib.sha256(keys.sign.sign(_PSEUDONYM)).digest()
    return hmac.new(secret, principal.encode(), hashlib.sha256).hexdigest()[:_PSEUDONYM_LETTERS]
