"""What the use cases work with: one transaction's repositories, and what they need of the node. All of it is given by adapters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bluepacific.exchange.v1 import envelope_pb2, log_pb2
from bp_exchange.protocol.keys import NodeKeys
from bp_exchange.protocol.register import Directory
from bp_exchange.usecases.records import (
    BatchRecord,
    DeliveryRecord,
    EnvelopeRecord,
    GivenEpoch,
    QueueItem,
    Rung,
    SealedFile,
    WantedFile,
)
from bp_kit.ports import Clock, Ids
from bp_verify.trust import Trusted


class Envelopes(Protocol):
    """Envelopes this node knows."""

    async def find(self, ids: Collection[str]) -> dict[str, EnvelopeRecord]:
        """Returns the known ones among the ids; without their bytes."""

    async def add(self, records: Sequence[EnvelopeRecord]) -> set[str]:
        """Adds envelopes; returns the ids that were new."""

    async def bytes_of(self, envelope_id: str) -> bytes | None:
        """Returns an envelope as it travels, if its bytes are still here."""

    async def forget_bytes(self, ids: Collection[str]) -> None:
        """Drops the bytes of relayed envelopes that are owed to nobody any more."""

    async def of_batches(self, batch_ids: Collection[str]) -> list[EnvelopeRecord]:
        """Returns the messages of envelopes of version 2, in their order there; without their bytes."""


class Contents(Protocol):
    """What is kept of the messages of version 2 envelopes."""

    async def of(self, ids: Collection[str]) -> dict[str, envelope_pb2.KeptMessage]:
        """Returns what is kept of messages of version 2, by id."""

    async def seal(self, batch_id: str, sealed: Sequence[tuple[str, bytes, envelope_pb2.KeptMessage]]) -> None:
        """Notes in which envelope messages travel: each (message id, leaf, what is kept of it), in their order there."""

    async def erase(self, ids: Collection[str]) -> None:
        """Destroys the content of messages; their ids and digests stay."""

    async def is_alone(self, thread: str) -> bool:
        """Tells whether an envelope of version 1 that this node sent in a thread may be under way."""

    async def overtaken(self, threads: Collection[str], urgency: int) -> list[int]:
        """Returns the sequences of this incarnation's less urgent envelopes under way that these threads must not overtake."""


class Batches(Protocol):
    """Envelopes of version 2."""

    async def find(self, ids: Collection[str]) -> dict[str, BatchRecord]:
        """Returns the known ones among the ids; without their bytes."""

    async def add(self, records: Sequence[BatchRecord]) -> set[str]:
        """Adds envelopes; returns the ids that were new."""

    async def awaiting(self, sender_node: str, epoch: str) -> list[BatchRecord]:
        """Returns the envelopes that wait for the key of an epoch, with their bytes."""

    async def bytes_of(self, envelope_id: str) -> bytes | None:
        """Returns an envelope as it travels, if its bytes are still here."""

    async def opened(self, envelope_id: str, seals: bytes) -> None:
        """Notes that an envelope waits no longer, and what is kept of it."""

    async def forget_bytes(self, ids: Collection[str]) -> None:
        """Drops the bytes of envelopes that are owed to nobody: of those that are relayed or opened, and where a message was erased."""


class Epochs(Protocol):
    """Keys of epochs."""

    async def newest(self, node_id: str) -> GivenEpoch | None:
        """Returns the epoch that began last of those under which this node sends to another."""

    async def given(self, node_id: str, epoch: str) -> GivenEpoch | None:
        """Returns one of them."""

    async def begin(self, epoch: GivenEpoch) -> None:
        """Adds one."""

    async def use(self, node_id: str, epoch: str) -> None:
        """Counts one more envelope."""

    async def drop_given(self, before: datetime) -> int:
        """Drops epochs that were followed by another before that, and under which nothing is owed any more; returns how many."""

    async def drop_granted(self, before: datetime) -> int:
        """Drops keys of others' epochs that were followed by another before that, and that nothing waits for; returns how many."""

    async def keep(self, sender_node: str, epoch: str, wrapped: bytes) -> None:
        """Keeps the key of an epoch of another node's."""


class Ladder(Protocol):
    """How far envelopes got."""

    async def add(self, rungs: Sequence[Rung]) -> None:
        """Adds the first rungs of an envelope."""

    async def of(self, envelope_ids: Collection[str]) -> dict[tuple[str, str], Rung]:
        """Returns envelopes' rungs by (envelope, recipient)."""

    async def set(self, rungs: Sequence[Rung]) -> None:
        """Replaces rungs."""

    async def queued_for(self, nodes: Collection[str], recipients: Collection[str], limit: int) -> list[Rung]:
        """Returns rungs at QUEUED of envelopes that still wait in a queue here, at these nodes or these recipients."""


class Receipts(Protocol):
    """Signed receipts, as proof."""

    async def add(self, receipts: Sequence[tuple[str, envelope_pb2.SignedReceipt]]) -> None:
        """Keeps receipts, each with its envelope's id."""

    async def known(self, ids: Collection[str]) -> set[str]:
        """Returns which of the receipt ids are known."""

    async def of(self, envelope_ids: Collection[str]) -> list[envelope_pb2.SignedReceipt]:
        """Returns the receipts of envelopes."""

    async def add_lists(self, lists: Sequence[tuple[str, str, bytes]]) -> None:
        """Keeps lists of receipts (SignedReceipts, in clear), each with its id and that of an envelope that it speaks of."""

    async def lists_of(self, batch_ids: Collection[str]) -> list[envelope_pb2.SignedReceipts]:
        """Returns the lists of receipts that speak of envelopes of version 2."""


class Queue(Protocol):
    """What is owed to peers."""

    async def add(self, items: Sequence[QueueItem]) -> None:
        """Queues items; of each thread the earlier ones get at least the same urgency, so that order holds."""

    async def take(self, peer: str, positions: Collection[int]) -> list[QueueItem]:
        """Removes what a peer has on disk, and returns it."""

    async def set_aside(self, peer: str, grounds: Mapping[int, str]) -> list[QueueItem]:
        """Keeps what a peer will never take out of its way, and returns it."""

    async def take_expired(self, now: datetime, limit: int) -> list[QueueItem]:
        """Removes what nobody needs any more, and returns it."""

    async def take_all(self, peers: Collection[str], limit: int) -> list[QueueItem]:
        """Removes what is owed to peers, set aside or not, and returns it."""

    async def drop(self, item_ids: Collection[str]) -> list[QueueItem]:
        """Removes items, to whomever they are owed, and returns them."""

    async def drafts(self, item_ids: Collection[str]) -> list[QueueItem]:
        """Returns those of the items that are not sealed yet and were not set aside, of all peers."""

    async def drafts_of(self, thread: str) -> list[QueueItem]:
        """Returns what waits to be sealed of a thread, each message once, the oldest first."""

    async def hurry(self, peer: str, item_ids: Collection[str], urgency: int) -> None:
        """Gives items at least an urgency, so that what follows them does not overtake them."""


class Deliveries(Protocol):
    """What waits for this node's services."""

    async def add(self, deliveries: Sequence[DeliveryRecord]) -> None:
        """Adds deliveries."""

    async def take(self, service: str, delivery_id: str) -> DeliveryRecord | None:
        """Removes and returns a service's delivery; None when it is gone already."""

    async def take_back(self, service: str, message_ids: Collection[str]) -> list[DeliveryRecord]:
        """Removes a service's messages that it has not acknowledged, and returns them."""

    async def take_expired(self, now: datetime, limit: int) -> list[DeliveryRecord]:
        """Removes what may not be delivered any more, and returns it."""


class Files(Protocol):
    """Ciphertexts of files."""

    async def add_sealed(self, files: Sequence[SealedFile]) -> None:
        """Adds ciphertexts that are whole and may be given to peers."""

    async def want(self, files: Sequence[WantedFile]) -> None:
        """Asks for files that were announced."""


class Journal(Protocol):
    """This node's log and counters."""

    @property
    def incarnation(self) -> str:
        """The node's incarnation."""

    async def next_sequence(self) -> tuple[str, int]:
        """Returns the incarnation, and one more than the last sequence."""

    async def append(self, entries: Sequence[log_pb2.LogEntry]) -> None:
        """Adds leaves to the log."""


@dataclass(frozen=True)
class Work:
    """One transaction of the exchange.

    Attributes:
        keys: This node's.
        directory: Of the current register.
        held_register: Returns the register as this transaction sees it; what is changed must be changed from this.
        keep_register: Writes a verified register; it is current soon after the commit.
        ring: Wakes whoever waits for that bell, once the transaction has committed.
        random: Returns that many random bytes.
    """

    envelopes: Envelopes
    ladder: Ladder
    receipts: Receipts
    queue: Queue
    deliveries: Deliveries
    files: Files
    journal: Journal
    contents: Contents
    batches: Batches
    epochs: Epochs
    keys: NodeKeys
    directory: Directory
    held_register: Callable[[], Awaitable[Trusted | None]]
    keep_register: Callable[[Trusted], Awaitable[None]]
    ring: Callable[[str], None]
    clock: Clock
    ids: Ids
    random: Callable[[int], bytes]

    def ring_all(self, bells: Iterable[str]) -> None:
        """Wakes everybody who waits for these bells, after the commit."""
        for bell in bells:
            self.ring(bell)
