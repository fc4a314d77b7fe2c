"""Verifying and opening a batch of items, without any transaction."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.batch import OpenedBatch, epoch_of, read_batch, unseal_batch
from bp_exchange.protocol.envelope import Opened, unseal
from bp_exchange.protocol.epoch import granted_key, verify_grant
from bp_exchange.protocol.keys import NodeKeys
from bp_exchange.protocol.receipt import verify_receipt
from bp_exchange.protocol.receipt_list import verify_list
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_exchange.protocol.register import Directory

# A sender's node id, and an epoch of its in hexadecimal.
EpochId = tuple[str, str]


@dataclass
class Checked:
    """A batch as verification left it; positions are the sender's.

    Attributes:
        envelopes: Envelopes of version 1 that verified, with their bytes.
        receipts: Receipts that verified.
        batches: Envelopes of version 2 that verified, with their bytes.
        lists: Lists of receipts that verified, the second time as they are kept.
        grants: Grants that verified.
        refused: What will never be taken.
        order: All positions, as the items came.
    """

    envelopes: list[tuple[int, bytes, Opened]] = field(default_factory=list)
    receipts: list[tuple[int, topics_pb2.Receipt, envelope_pb2.SignedReceipt]] = field(default_factory=list)
    batches: list[tuple[int, bytes, OpenedBatch]] = field(default_factory=list)
    lists: list[tuple[int, envelope_pb2.Receipts, envelope_pb2.SignedReceipts]] = field(default_factory=list)
    grants: list[tuple[int, envelope_pb2.Grant, envelope_pb2.SignedGrant]] = field(default_factory=list)
    refused: dict[int, Ground] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)

    @property
    def holds_anything(self) -> bool:
        """Whether there is anything to store."""
        return bool(self.envelopes or self.receipts or self.batches or self.lists or self.grants)

    def runs(self) -> Iterator[Checked]:
        """Yields the envelopes as they came: some of version 1, then some of version 2, and again; refusals are shared."""
        came = {position: at for at, position in enumerate(self.order)}
        envelopes, batches = deque(self.envelopes), deque(self.batches)
        while envelopes or batches:
            alone = [envelopes.popleft() for _ in range(_before(envelopes, batches, came))]
            together = [batches.popleft() for _ in range(_before(batches, envelopes, came))]
            yield Checked(envelopes=alone, batches=together, refused=self.refused)

    @property
    def positions(self) -> list[int]:
        """What will have been stored once this batch is."""
        found = (self.envelopes, self.receipts, self.batches, self.lists, self.grants)
        taken = [position for kind in found for position, *_ in kind]
        return [position for position in taken if position not in self.refused]


def _before(
    ones: Sequence[tuple[int, bytes, object]], others: Sequence[tuple[int, bytes, object]], came: Mapping[int, int]
) -> int:
    """Returns how many of the first kind came before the first of the other."""
    if not others:
        return len(ones)
    return sum(came[one[0]] < came[others[0][0]] for one in ones)


def check_items(
    items: Sequence[link_service_pb2.Item],
    *,
    peer: str,
    directory: Directory,
    keys: NodeKeys,
    epochs: MutableMapping[EpochId, bytes] | None = None,
) -> Checked:
    """Verifies and opens a batch. Takes about a millisecond an item, so it is called on a thread of its own.

    Args:
        items: As they came.
        peer: From whom.
        directory: Of the current register.
        keys: This node's.
        epochs: The keys that this node was granted, by (sender's node id, epoch); what the batch grants is added.
    """
    checked = Checked(order=[item.position for item in items])
    check = _Check(peer, directory, keys, {} if epochs is None else epochs)
    # Grants first: what they open may stand anywhere in the batch.
    for item in sorted(items, key=lambda one: not one.HasField("grant")):
        try:
            check.check(item, checked)
        except RefusedItemError as refused:
            checked.refused[item.position] = refused.ground
        except (DecodeError, ValueError):
            checked.refused[item.position] = Ground.MALFORMED
    return checked


@dataclass(frozen=True)
class _Check:
    """What a batch is checked with: as the arguments of `check_items`."""

    peer: str
    directory: Directory
    keys: NodeKeys
    epochs: MutableMapping[EpochId, bytes]

    def check(self, item: link_service_pb2.Item, checked: Checked) -> None:
        if item.HasField("envelope"):
            if (batch := read_batch(item.envelope)) is not None:
                opened_batch = unseal_batch(
                    *batch, directory=self.directory, keys=self.keys, epochs=lambda *at: self.epochs.get(at)
                )
                _check_way(
                    opened_batch.header.sender_node,
                    self.keys.node_id in opened_batch.nodes,
                    self.peer,
                    self.directory,
                    self.keys.node_id,
                )
                checked.batches.append((item.position, item.envelope, opened_batch))
                return
            opened = unseal(item.envelope, directory=self.directory, keys=self.keys)
            _check_way(
                opened.header.sender_node, opened.content is not None, self.peer, self.directory, self.keys.node_id
            )
            checked.envelopes.append((item.position, item.envelope, opened))
        elif item.HasField("receipt"):
            receipt = verify_receipt(item.receipt, self.directory)
            checked.receipts.append((item.position, receipt, item.receipt))
        elif item.HasField("receipts"):
            checked.lists.append((item.position, *verify_list(item.receipts, self.directory)))
        elif item.HasField("grant"):
            grant = verify_grant(item.grant, self.directory)
            _check_way(grant.sender_node, grant.node == self.keys.node_id, self.peer, self.directory, self.keys.node_id)
            if grant.node == self.keys.node_id:
                key = granted_key(grant.sender_node, grant.epoch.hex(), grant.wrapped, self.keys)
                if key is None:
                    raise RefusedItemError(Ground.BAD_SEAL)
                self.epochs[grant.sender_node, grant.epoch.hex()] = key
            checked.grants.append((item.position, grant, item.grant))
        else:
            raise RefusedItemError(Ground.MALFORMED)


def _check_way(sender_node: str, is_addressed: bool, peer: str, directory: Directory, own: str) -> None:  # noqa: FBT001 - of this room only
    """At the centre a peer sends its own envelopes only; in a country they come through the centre, and are for this node."""
    at_centre = directory.nodes[own].centre
    if at_centre and sender_node != peer:
        raise RefusedItemError(Ground.WRONG_RELAY)
    if not at_centre and not is_addressed:
        raise RefusedItemError(Ground.NOT_ADDRESSED)
    if sender_node == own:
        raise RefusedItemError(Ground.WRONG_RELAY)


def epochs_of(items: Iterable[link_service_pb2.Item], own: str) -> set[EpochId]:
    """Returns the epochs whose keys this node needs to open items."""
    needed = set()
    for item in items:
        try:
            batch = read_batch(item.envelope) if item.HasField("envelope") else None
        except RefusedItemError:
            continue
        if batch and (epoch := epoch_of(*batch, own)):
            needed.add((batch[1].sender_node, epoch))
    return needed
