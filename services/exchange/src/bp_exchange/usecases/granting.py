"""Epochs' keys: given once to each node that this one sends to, and again to whoever lost them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import timedelta

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import link_service_pb2, register_pb2
from bp_exchange.protocol.epoch import EPOCH_BYTES, KEY_BYTES, Reader, grant_id, is_over, make_grant
from bp_exchange.usecases import bells
from bp_exchange.usecases.records import GivenEpoch, QueueItem
from bp_exchange.usecases.work import Work

# Longer than a backup is kept to which a recipient may go back: it gets again what it lost, as it was sealed.
GIVEN_KEPT = timedelta(days=400)
# Whoever needs one later asks for it.
GRANTED_KEPT = timedelta(days=30)


async def readers_of(work: Work, message_ids: Collection[str]) -> list[Reader]:
    """Returns the nodes that messages are for and that are trusted, each with its epoch; a new one is begun where the last is over."""
    rungs = await work.ladder.of(message_ids)
    named = sorted({rung.node_id for rung in rungs.values()} - {work.keys.node_id})
    nodes = [node for node_id in named if (node := work.directory.trusted(node_id))]
    return [await _reader(work, node) for node in nodes]


async def _reader(work: Work, node: register_pb2.Node) -> Reader:
    epoch = await work.epochs.newest(node.node_id)
    if epoch is None or not _lasts(work, epoch, node):
        epoch = _begun(work, node)
        await work.epochs.begin(epoch)
        await work.queue.add([_queued(work, epoch, node)])
    await work.epochs.use(node.node_id, epoch.epoch)
    return Reader(node.node_id, bytes.fromhex(epoch.epoch), epoch.key)


def _lasts(work: Work, epoch: GivenEpoch, node: register_pb2.Node) -> bool:
    """A restore, and another key of the recipient, end an epoch."""
    is_same = epoch.incarnation == work.journal.incarnation and epoch.hpke_sha256 == _digest(node)
    return is_same and not is_over(epoch.create_time, epoch.used, work.clock())


def _begun(work: Work, node: register_pb2.Node) -> GivenEpoch:
    return GivenEpoch(
        node_id=node.node_id,
        epoch=work.random(EPOCH_BYTES).hex(),
        key=work.random(KEY_BYTES),
        incarnation=work.journal.incarnation,
        hpke_sha256=_digest(node),
        create_time=work.clock(),
        used=0,
    )


def _digest(node: register_pb2.Node) -> bytes:
    return hashlib.sha256(node.hpke_key).digest()


def _queued(work: Work, epoch: GivenEpoch, node: register_pb2.Node) -> QueueItem:
    signed = make_grant(bytes.fromhex(epoch.epoch), epoch.key, keys=work.keys, node=node)
    peer = work.directory.next_hop(work.keys.node_id, node.node_id)
    work.ring(bells.queue_of(peer))
    return queued_grant(peer, grant_id(signed), link_service_pb2.Item(grant=signed))


def queued_grant(peer: str, item_id: str, item: link_service_pb2.Item) -> QueueItem:
    """Returns a grant's place in a queue: before everything that may need it."""
    body = item.SerializeToString(deterministic=True)
    flash = handling_pb2.URGENCY_FLASH
    return QueueItem(peer, flash, item_id, body, len(body), thread="", expire_time=None, framed=True)


async def forget(work: Work) -> int:
    """Drops the keys of epochs that nothing can come for any more; returns how many. The rule stands in PROTOCOL.md."""
    now = work.clock()
    return await work.epochs.drop_given(now - GIVEN_KEPT) + await work.epochs.drop_granted(now - GRANTED_KEPT)


async def grant_again(work: Work, node_id: str, epochs: Sequence[str]) -> None:
    """Gives a node the keys of epochs that it does not have, as after a restore; what this node does not have either is left."""
    node = work.directory.trusted(node_id)
    given = [await work.epochs.given(node_id, epoch) for epoch in epochs]
    if node is not None:
        await work.queue.add([_queued(work, epoch, node) for epoch in given if epoch])
