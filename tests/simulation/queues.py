"""What is owed to peers, on a `State`: as the use cases ask for it, and as a person's commands do."""

from dataclasses import replace

from bp_exchange.usecases.records import AsideItem
from tests.simulation.store import QueueRow

BY_HAND = "BY_HAND"


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

    async def drafts(self, item_ids):
        rows = [row for row in self._state.queue.values() if row.item.item_id in item_ids]
        return [row.item for row in rows if row.item.draft and not row.set_aside]

    async def drafts_of(self, thread):
        rows = [row for row in self._state.queue.values() if row.item.thread == thread]
        found = {}
        for row in rows:
            if row.item.draft and not row.set_aside:
                found.setdefault(row.item.item_id, row.item)
        return list(found.values())

    async def hurry(self, peer, item_ids, urgency):
        for position, row in self._state.queue.items():
            is_behind = row.item.peer == peer and row.item.item_id in item_ids
            if is_behind and row.item.urgency > urgency:
                self._state.queue[position] = replace(row, item=replace(row.item, urgency=urgency))


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
                item = replace(row.item, attempt=row.item.attempt + 1)
                self._state.queue[position] = replace(row, item=item, set_aside="")
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
