"""What the use cases ask for, on a `State`: the same promises as the repositories of `bp_exchange.adapters`, without a database."""

from dataclasses import replace

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.session.effects import Waiting
from bp_exchange.usecases.records import AsideItem, Role
from bp_verify.merkle import leaf_hash
from tests.simulation.store import QueueRow

BY_HAND = "BY_HAND"


class Envelopes:
    def __init__(self, state):
        self._state = state

    async def find(self, ids):
        known = self._state.envelopes
        return {one: replace(known[one], raw=None) for one in ids if one in known}

    async def add(self, records):
        new = set()
        for one in records:
            if one.envelope_id not in self._state.envelopes:
                self._state.envelopes[one.envelope_id] = one
                new.add(one.envelope_id)
        return new

    async def bytes_of(self, envelope_id):
        found = self._state.envelopes.get(envelope_id)
        return found.raw if found else None

    async def of_batches(self, batch_ids):
        return []

    async def forget_bytes(self, ids):
        owed = {row.item.item_id for row in self._state.queue.values()}
        for one in ids:
            known = self._state.envelopes.get(one)
            if known and known.role == Role.RELAYED and one not in owed:
                self._state.envelopes[one] = replace(known, raw=None)


class Batches:
    """Envelopes of version 2: there are none."""

    async def find(self, ids):
        return {}

    async def add(self, records):
        return set()

    async def forget_bytes(self, ids):
        return


class Ladder:
    def __init__(self, state):
        self._state = state

    async def add(self, rungs):
        for one in rungs:
            self._state.rungs.setdefault((one.envelope_id, one.recipient), one)

    async def of(self, envelope_ids):
        wanted = set(envelope_ids)
        return {at: one for at, one in self._state.rungs.items() if at[0] in wanted}

    async def set(self, rungs):
        for one in rungs:
            at = (one.envelope_id, one.recipient)
            if at in self._state.rungs:
                self._state.rungs[at] = one

    async def queued_for(self, nodes, recipients, limit):
        owed = {row.item.item_id for row in self._state.queue.values()}
        queued = topics_pb2.DELIVERY_STATE_QUEUED
        found = [
            one
            for one in self._state.rungs.values()
            if one.state == queued and one.envelope_id in owed and (one.node_id in nodes or one.recipient in recipients)
        ]
        return found[:limit]


class Receipts:
    def __init__(self, state):
        self._state = state

    async def add(self, receipts):
        for envelope_id, signed in receipts:
            self._state.receipts.setdefault(signed.receipt_id, (envelope_id, signed))

    async def known(self, ids):
        return {one for one in ids if one in self._state.receipts}

    async def lists_of(self, batch_ids):
        return []

    async def of(self, envelope_ids):
        wanted = set(envelope_ids)
        return [signed for envelope_id, signed in self._state.receipts.values() if envelope_id in wanted]


class Queue:
    def __init__(self, state):
        self._state = state

    async def add(self, items):
        state = self._state
        for one in items:
            if (one.peer, one.item_id) in state.owed:
                continue
            state.position += 1
            state.owed[one.peer, one.item_id] = state.position
            state.queue[state.position] = QueueRow(replace(one, position=state.position))
            if one.thread:
                self._hurry(one)

    def _hurry(self, item):
        for position, row in self._state.queue.items():
            is_behind = row.item.peer == item.peer and row.item.thread == item.thread
            if is_behind and row.item.urgency > item.urgency:
                self._state.queue[position] = replace(row, item=replace(row.item, urgency=item.urgency))

    async def take(self, peer, positions):
        return [self._pop(one) for one in positions if self._is_of(one, peer)]

    def _is_of(self, position, peer):
        return position in self._state.queue and self._state.queue[position].item.peer == peer

    def _pop(self, position):
        item = self._state.queue.pop(position).item
        del self._state.owed[item.peer, item.item_id]
        return item

    async def set_aside(self, peer, grounds):
        taken = []
        for position, ground in grounds.items():
            if self._is_of(position, peer) and not self._state.queue[position].set_aside:
                self._state.queue[position] = replace(self._state.queue[position], set_aside=ground)
                taken.append(self._state.queue[position].item)
        return taken

    async def take_expired(self, now, limit):
        due = [
            at
            for at, row in self._state.queue.items()
            if row.set_aside in ("", BY_HAND) and row.item.expire_time and row.item.expire_time <= now
        ]
        return [self._pop(one) for one in due[:limit]]

    async def take_all(self, peers, limit):
        due = [at for at, row in self._state.queue.items() if row.item.peer in peers]
        return [self._pop(one) for one in due[:limit]]

    async def drop(self, item_ids):
        return [self._pop(one) for one in [at for at, row in self._state.queue.items() if row.item.item_id in item_ids]]


class Lanes:
    """What `link set-aside` and `link retry` work on."""

    def __init__(self, state):
        self._state = state

    async def set_aside(self, peer, item_id, reason):
        position = self._state.owed.get((peer, item_id))
        if position is None or self._state.queue[position].set_aside:
            return None
        row = self._state.queue[position] = replace(self._state.queue[position], set_aside=BY_HAND)
        return _aside(row)

    async def put_back(self, peer, item_id):
        found = []
        for position, row in self._state.queue.items():
            if row.item.peer == peer and row.set_aside and item_id in ("", row.item.item_id):
                found.append(_aside(row))
                self._state.queue[position] = replace(row, set_aside="")
        return found

    async def want_again(self, peer):
        count = len(self._state.wanted_aside)
        self._state.wanted_aside.clear()
        return count


def _aside(row):
    item = row.item
    return AsideItem(
        item.peer, item.item_id, item.body is not None, item.urgency, item.size, None, None, row.set_aside, ""
    )


class Past:
    def __init__(self, state, node_id):
        self._state = state

    async def is_restored(self):
        return self._state.is_restored

    async def told(self):
        self._state.is_restored = False

    async def have_of(self, node_id):
        return [key for key, one in reversed(self._state.envelopes.items()) if one.sender_node == node_id]

    async def at(self, node_id):
        return [one for one in self._state.rungs.values() if one.node_id == node_id]

    async def envelopes_of(self, message_ids):
        known = self._state.envelopes
        return [
            known[one].raw for one in message_ids if one in known and known[one].role == Role.SENT and known[one].raw
        ]


class Deliveries:
    def __init__(self, state):
        self._state = state

    async def add(self, deliveries):
        known = {one.delivery_id for one in self._state.deliveries.values()} if deliveries else ()
        for one in deliveries:
            if one.delivery_id not in known:
                self._state.delivery += 1
                self._state.deliveries[self._state.delivery] = replace(one, position=self._state.delivery)

    async def take(self, service, delivery_id):
        for position, one in self._state.deliveries.items():
            if one.delivery_id == delivery_id and one.service == service:
                return self._state.deliveries.pop(position)
        return None

    async def take_expired(self, now, limit):
        due = [at for at, one in self._state.deliveries.items() if one.expire_time and one.expire_time <= now]
        return [self._state.deliveries.pop(one) for one in due[:limit]]


class Files:
    def __init__(self, state):
        self._state = state

    async def add_sealed(self, files):
        for one in files:
            self._state.sealed.setdefault(one.digest, one.size)

    async def want(self, files):
        for one in files:
            self._state.wanted.setdefault(one.sealed.digest, one)


class Journal:
    def __init__(self, state):
        self._state = state

    @property
    def incarnation(self):
        return self._state.incarnation

    async def next_sequence(self):
        self._state.sequence += 1
        return self._state.incarnation, self._state.sequence

    async def append(self, entries):
        for one in entries:
            raw = one.SerializeToString(deterministic=True)
            self._state.log.append(raw)
            self._state.edge = self._state.edge.append(leaf_hash(raw))


def read_queue(state, peer, under_way, limit, now):
    """Returns what to send next, as the queue's reader does."""
    waiting = [
        row.item
        for row in state.queue.values()
        if row.item.peer == peer
        and not row.set_aside
        and row.item.position not in under_way
        and not (row.item.expire_time and row.item.expire_time <= now)
    ]
    waiting.sort(key=lambda one: (one.urgency, one.position))
    return [Waiting(one.urgency, framed(state, one)) for one in waiting[:limit]]


def framed(state, item):
    if item.body is None:
        return link_service_pb2.Item(position=item.position, envelope=state.envelopes[item.item_id].raw or b"")
    receipt = envelope_pb2.SignedReceipt.FromString(item.body)
    return link_service_pb2.Item(position=item.position, receipt=receipt)
