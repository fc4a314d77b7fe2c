"""What a lane sends next, as `adapters/lane_reader.py` reads it: what waits is sealed first, as much as the lane has room for."""

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2
from bp_exchange.protocol.batch import prepare
from bp_exchange.protocol.session.effects import Waiting
from bp_exchange.usecases.sealing import choose, is_receipt, room_for, seal_messages, seal_receipts
from bp_exchange.usecases.stating import RECEIPTS
from tests.simulation.world import run

_AHEAD_ITEMS = 16
_AHEAD_ROOMS = 3


def look(node, peer, under_way, limit):
    """Returns what to send next, and whether more of it waits to be sealed."""
    while True:
        found = _ready(node, peer, under_way, limit)
        chosen, room = _chosen(node, peer)
        if not chosen or _is_enough([one for one in found if one.urgency <= chosen[0].urgency], room):
            return _waiting(node, found), bool(chosen) or len(found) == limit
        if not _seal(node, chosen, room):
            return _waiting(node, found), len(found) == limit


def page(node, peer):
    """Returns all that waits for a peer, all of it sealed: (item, as it travels)."""
    while (chosen := _chosen(node, peer, at_once=True))[0] and _seal(node, *chosen):
        continue
    return [(one, framed(node.state, one)) for one in _ready(node, peer, (), 10_000)]


def _ready(node, peer, under_way, limit):
    ready = [one for one in _of(node, peer) if not one.draft and one.position not in under_way]
    return ready[:limit]


def _of(node, peer):
    """Returns what a peer is owed, the most urgent first, then the oldest."""
    now = node.clock()
    owed = [
        row.item
        for row in node.state.queue.values()
        if row.item.peer == peer and not row.set_aside and not (row.item.expire_time and row.item.expire_time <= now)
    ]
    return sorted(owed, key=lambda one: (one.urgency, one.position))


def _chosen(node, peer, *, at_once=False):
    waiting = [one for one in _of(node, peer) if one.draft]
    if waiting and not at_once and _has_list_under_way(node.state, peer):
        waiting = [one for one in waiting if not is_receipt(one)]
    room = room_for(waiting[0].urgency, node.state.paces.get(peer)) if waiting else 0
    chosen = choose(waiting, room)
    while earlier := _earlier(node.state, chosen):
        chosen = choose(earlier, room)
    return chosen, room


def _earlier(state, chosen):
    """Returns what has to be sealed before: earlier messages of the same conversations, in a lane of one of theirs."""
    ids, last = {one.item_id for one in chosen}, {}
    if not any(one.thread for one in chosen):
        return []
    for position, row in state.queue.items():
        if row.item.item_id in ids and row.item.thread:
            last[row.item.peer, row.item.thread] = position
    drafts = [row.item for row in state.queue.values() if row.item.draft and not row.set_aside]
    earlier = [one for one in drafts if one.item_id not in ids and one.position < last.get((one.peer, one.thread), 0)]
    return [one for one in earlier if one.peer == earlier[0].peer]


def _has_list_under_way(state, peer):
    rows = [row for row in state.queue.values() if row.item.peer == peer and not row.set_aside]
    return any(row.item.framed and row.item.thread == RECEIPTS for row in rows)


def _is_enough(ready, room):
    return len(ready) >= _AHEAD_ITEMS or sum(one.size for one in ready) >= _AHEAD_ROOMS * room


def _seal(node, chosen, room):
    if is_receipt(chosen[0]):
        with node.transaction() as work:
            return run(seal_receipts(work, chosen))
    known = node.state.envelopes
    kept = {
        one.item_id: envelope_pb2.KeptMessage.FromString(known[one.item_id].inside)
        for one in chosen
        if one.item_id in known and known[one.item_id].inside
    }
    if len(kept) < len(chosen):
        return False
    messages = [(kept[one.item_id].head, kept[one.item_id].content) for one in chosen]
    prepared = prepare(messages, random=node.world.chance.randbytes)
    if len(chosen) > 1 and len(prepared.compressed) > 2 * room:
        return _seal(node, chosen[: len(chosen) // 2], room)
    with node.transaction() as work:
        return run(seal_messages(work, chosen, kept, prepared))


def _waiting(node, items):
    return [Waiting(one.urgency, framed(node.state, one)) for one in items]


def framed(state, item):
    """Returns an item as it travels."""
    if item.body is None:
        whole = state.batches.get(item.item_id) or state.envelopes[item.item_id]
        return link_service_pb2.Item(position=item.position, envelope=whole.raw or b"")
    if item.framed:
        made = link_service_pb2.Item.FromString(item.body)
        made.position = item.position
        return made
    receipt = envelope_pb2.SignedReceipt.FromString(item.body)
    return link_service_pb2.Item(position=item.position, receipt=receipt)
