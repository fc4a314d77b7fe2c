"""A lane of a node: what `usecases.filling` asks for, on a `State`."""

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2
from bp_exchange.protocol.batch import prepare
from bp_exchange.protocol.session.effects import Waiting
from bp_exchange.usecases.filling import choose_next, fill, seal_all
from bp_exchange.usecases.sealing import seal_messages, seal_receipts
from bp_exchange.usecases.stating import RECEIPTS
from tests.simulation.world import run


def look(node, peer, under_way, limit):
    """Returns what to send next, and whether more of it waits to be sealed."""
    found = run(fill(_Lane(node, peer, under_way, limit), limit))
    return [Waiting(one.urgency, item) for one, item in found.items], found.more


def page(node, peer):
    """Returns all that waits for a peer, all of it sealed: (item, as it travels)."""
    lane = _Lane(node, peer, (), 10_000)
    run(seal_all(lane))
    return run(lane.ready())


class _Lane:
    def __init__(self, node, peer, under_way, limit):
        self._node = node
        self._peer = peer
        self._under_way = under_way
        self._limit = limit

    async def ready(self):
        found = _ready(self._node, self._peer, self._under_way, self._limit)
        return [(one, framed(self._node.state, one)) for one in found]

    async def chosen(self, *, at_once):
        return await choose_next(_Drafts(self._node, self._peer), at_once=at_once)

    async def kept(self, items):
        known = self._node.state.envelopes
        inside = {one.item_id: known[one.item_id].inside for one in items if one.item_id in known}
        return {at: envelope_pb2.KeptMessage.FromString(one) for at, one in inside.items() if one}

    async def prepare(self, kept):
        return prepare([(one.head, one.content) for one in kept], random=self._node.world.chance.randbytes)

    async def seal_messages(self, items, kept, prepared):
        with self._node.transaction() as work:
            return await seal_messages(work, items, kept, prepared)

    async def seal_receipts(self, items):
        with self._node.transaction() as work:
            return await seal_receipts(work, items)


class _Drafts:
    def __init__(self, node, peer):
        self._node = node
        self._peer = peer

    async def waiting(self):
        return [one for one in _of(self._node, self._peer) if one.draft]

    async def earlier(self, chosen):
        return _earlier(self._node.state, chosen)

    async def pace(self):
        return self._node.state.paces.get(self._peer)

    async def is_list_under_way(self):
        rows = [row for row in self._node.state.queue.values() if row.item.peer == self._peer and not row.set_aside]
        return any(row.item.framed and row.item.thread == RECEIPTS for row in rows)


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
