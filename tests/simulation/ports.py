"""What the use cases ask for, on a `State`: the same promises as the repositories of `bp_exchange.adapters`, without a database."""

from dataclasses import replace

from bluepacific.exchange.v1 import envelope_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.usecases.records import Role
from bp_verify.merkle import leaf_hash


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
        found = [one for one in self._state.envelopes.values() if one.batch_id and one.batch_id in batch_ids]
        return sorted(found, key=lambda one: (one.batch_id, one.batch_index))

    async def forget_bytes(self, ids):
        owed = {row.item.item_id for row in self._state.queue.values()}
        for one in ids:
            known = self._state.envelopes.get(one)
            if known and known.role == Role.RELAYED and one not in owed:
                self._state.envelopes[one] = replace(known, raw=None)


class Contents:
    def __init__(self, state):
        self._state = state

    async def of(self, ids):
        known = self._state.envelopes
        found = {one: known[one].inside for one in ids if one in known}
        return {at: envelope_pb2.KeptMessage.FromString(inside) for at, inside in found.items() if inside}

    async def seal(self, batch_id, sealed):
        for at, (message_id, leaf, kept) in enumerate(sealed):
            inside = kept.SerializeToString(deterministic=True)
            self._state.envelopes[message_id] = replace(
                self._state.envelopes[message_id], batch_id=batch_id, batch_index=at, digest=leaf, inside=inside
            )

    async def is_alone(self, thread):
        state, accepted = self._state, topics_pb2.DELIVERY_STATE_ACCEPTED
        alone = {
            one.envelope_id
            for one in state.envelopes.values()
            if one.role == Role.SENT and one.raw is not None and one.thread == thread
        }
        return any(rung.state < accepted for at, rung in state.rungs.items() if at[0] in alone)

    async def overtaken(self, threads, urgency):
        state, accepted = self._state, topics_pb2.DELIVERY_STATE_ACCEPTED
        under_way = {at[0] for at, rung in state.rungs.items() if rung.state < accepted}
        sent = [one for one in state.envelopes.values() if one.role == Role.SENT and one.batch_id]
        found, known, fresh = {}, set(), set(threads) - {""}
        while fresh:
            known |= fresh
            inside = {one.batch_id for one in sent if one.thread in fresh and one.envelope_id in under_way}
            batches = [state.batches[one] for one in inside if one in state.batches and one not in found]
            new = {
                one.envelope_id: one.sequence
                for one in batches
                if one.urgency > urgency and one.incarnation == state.incarnation
            }
            found |= new
            fresh = {one.thread for one in sent if one.batch_id in new} - known - {""}
        return sorted(found.values())


class Batches:
    def __init__(self, state):
        self._state = state

    async def find(self, ids):
        known = self._state.batches
        return {one: replace(known[one], raw=None) for one in ids if one in known}

    async def add(self, records):
        new = set()
        for one in records:
            if one.envelope_id not in self._state.batches:
                self._state.batches[one.envelope_id] = one
                new.add(one.envelope_id)
        return new

    async def awaiting(self, sender_node, epoch):
        waiting = [
            one for one in self._state.batches.values() if (one.sender_node, one.awaited) == (sender_node, epoch)
        ]
        return sorted(waiting, key=lambda one: one.sequence)

    async def opened(self, envelope_id, seals):
        self._state.batches[envelope_id] = replace(self._state.batches[envelope_id], awaited="", seals=seals)

    async def forget_bytes(self, ids):
        owed = {row.item.item_id for row in self._state.queue.values()} if ids else ()
        for one in ids:
            known = self._state.batches.get(one)
            needless = known and (known.role == Role.RELAYED or (known.role == Role.RECEIVED and not known.awaited))
            if needless and one not in owed:
                self._state.batches[one] = replace(known, raw=None)


class Epochs:
    def __init__(self, state):
        self._state = state

    async def newest(self, node_id):
        given = [one for one in self._state.given.values() if one.node_id == node_id]
        return max(given, key=lambda one: one.create_time, default=None)

    async def given(self, node_id, epoch):
        return self._state.given.get((node_id, epoch))

    async def begin(self, epoch):
        self._state.given[epoch.node_id, epoch.epoch] = epoch

    async def use(self, node_id, epoch):
        known = self._state.given[node_id, epoch]
        self._state.given[node_id, epoch] = replace(known, used=known.used + 1)

    async def keep(self, sender_node, epoch, wrapped):
        self._state.granted.setdefault((sender_node, epoch), wrapped)


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
        return {one for one in ids if one in self._state.receipts or one in self._state.lists}

    async def add_lists(self, lists):
        for list_id, batch_id, raw in lists:
            self._state.lists.setdefault(list_id, (batch_id, raw))

    async def lists_of(self, batch_ids):
        about = [raw for batch_id, raw in self._state.lists.values() if batch_id in batch_ids]
        return [envelope_pb2.SignedReceipts.FromString(raw) for raw in about]

    async def of(self, envelope_ids):
        wanted = set(envelope_ids)
        return [signed for envelope_id, signed in self._state.receipts.values() if envelope_id in wanted]


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
        known, found = self._state.envelopes, {}
        for one in message_ids:
            record = known.get(one)
            if record and record.role == Role.SENT:
                whole = self._state.batches.get(record.batch_id) or record
                if whole.raw:
                    found[whole.envelope_id] = whole.raw
        return list(found.values())


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
            known = self._state.wanted.setdefault(one.sealed.digest, one)
            if known.key is None and one.key:
                self._state.wanted[one.sealed.digest] = replace(known, key=one.key, plain_digest=one.plain_digest)


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
