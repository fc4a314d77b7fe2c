"""What a link sends, in this order: what keeps it going, items by urgency, files, and BULK items when nothing else is there.

Chosen anew for each frame, so that something urgent overtakes everything that is not yet under way. What is less urgent never passes what
a contact plan holds back, so that the order of a conversation holds under every plan.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from datetime import datetime

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.protocol.pace import Pace
from bp_exchange.protocol.session.effects import Effect, KeepPace, LookInQueue, Waiting
from bp_exchange.protocol.session.giving import Giving, Piece
from bp_exchange.protocol.session.ports import Allowance, Clocks
from bp_exchange.protocol.window import Window

AHEAD = 32
# With so few left to send, more is read and sealed while they go.
_FEW = 2
# Each look at the queue passes over what is under way.
MAX_UNDER_WAY = 512
_BULK = handling_pb2.URGENCY_BULK

Frame = link_service_pb2.Frame


class Outgoing:
    """One link's sending side.

    Args:
        clocks: The time.
        allowance: What the contact plan lets pass.
        pace: Bytes a second that the link was seen to carry at another contact.

    Attributes:
        giving: The files that the peer asked for.
        effects: What is to be done, in order.
    """

    def __init__(self, clocks: Clocks, allowance: Allowance, pace: int | None = None) -> None:
        self._clocks = clocks
        self._allowance = allowance
        self._window = Window(pace)
        self._pace = Pace()
        self.effects: deque[Effect] = deque()
        self.giving = Giving()
        self._control: deque[Frame] = deque()
        # Read ahead of sending, apart: what is more urgent than BULK, and BULK itself.
        self._ahead: deque[Waiting] = deque()
        self._bulk: deque[Waiting] = deque()
        # Something may be in the queue that was not read yet.
        self._stale = True
        self._more = False
        self._looking = False
        self._looked = 0.0
        # What left the queue while it was being looked into.
        self._gone: set[int] = set()
        # Position -> (size, when sent); None once acknowledged, until it has left the database.
        self._under_way: dict[int, tuple[int, float] | None] = {}
        self._held_until: datetime | None = None

    def control(self, frame: Frame) -> None:
        """Sends something before everything else."""
        self._control.append(frame)

    def look_anew(self) -> None:
        """Something was queued."""
        self._stale = True

    def tick(self) -> None:
        """Looks now and then for what other processes have queued."""
        if self._clocks.steady() - self._looked >= self._clocks.patience():
            self._stale = True

    def pause(self) -> float | None:
        """Returns after how many seconds something that the contact plan holds back may go; None when nothing is held."""
        if self._held_until is None:
            return None
        return max(0.0, (self._held_until - self._clocks.wall()).total_seconds())

    def next_control(self) -> Frame | None:
        """Returns what keeps the link going."""
        return self._control.popleft() if self._control else None

    def next(self) -> Frame | None:
        """Returns what is sent next; None while there is nothing, or it has to wait or to be read first."""
        self._held_until = None
        frame = self._next()
        if frame is None and (rate := self._pace.news()):
            self.effects.append(KeepPace(rate))
        return frame

    def _next(self) -> Frame | None:
        if self._control:
            return self._control.popleft()
        if not self._window.is_open or len(self._under_way) >= MAX_UNDER_WAY:
            return None
        if self._stale:
            # What was queued may be more urgent than what was read.
            self._look()
            return None
        return self._next_item(self._ahead) or self._next_piece() or self._next_bulk()

    def _look(self, *, ahead: bool = False) -> None:
        if self._looking:
            return
        self._stale, self._looking, self._looked = self._stale and ahead, True, self._clocks.steady()
        self._gone.clear()
        self.effects.append(LookInQueue(frozenset(self._under_way), AHEAD, ahead=ahead))

    def found(self, items: Sequence[Waiting], *, more: bool = False) -> None:
        """Takes what the queue has; more of it may wait to be sealed."""
        self._looking = False
        # Some may have been sent while it was looked, or have left the queue.
        past = self._gone | self._under_way.keys()
        fresh = [one for one in items if one.item.position not in past]
        self._ahead = deque(one for one in fresh if one.urgency < _BULK)
        self._bulk = deque(one for one in fresh if one.urgency >= _BULK)
        self._more = more or len(items) == AHEAD
        if self._more and items and not fresh:
            self._stale = True

    def _next_item(self, ahead: deque[Waiting]) -> Frame | None:
        if not ahead or not self._may_go(ahead[0].urgency):
            return None
        waiting = ahead.popleft()
        size = waiting.item.ByteSize()
        self._under_way[waiting.item.position] = (size, self._clocks.steady())
        self._goes(waiting.urgency, size, size)
        if self._more and len(self._ahead) + len(self._bulk) <= _FEW:
            self._look(ahead=True)
        return Frame(item=waiting.item)

    def _next_bulk(self) -> Frame | None:
        """BULK waits for what is more urgent, and for a piece that is being read."""
        return None if self._ahead or self.giving.is_reading else self._next_item(self._bulk)

    def _next_piece(self) -> Frame | None:
        urgency = self.giving.urgency()
        if urgency is None or not self._may_go(urgency):
            return None
        piece = self.giving.next(self._clocks.steady())
        if piece is None:
            return None
        self._goes(piece.urgency, len(piece.data), piece.weight)
        return Frame(blob_chunk=_chunk(piece))

    def _may_go(self, urgency: int) -> bool:
        until = self._allowance.opens(urgency, self._clocks.wall())
        if until is not None:
            self._held_until = min(until, self._held_until or until)
        return until is None

    def _goes(self, urgency: int, size: int, weight: int) -> None:
        self._allowance.passed(urgency, size, self._clocks.wall())
        self._window.sent(weight)
        self._pace.sent(self._clocks.steady())

    def acknowledged(self, positions: Collection[int]) -> list[int]:
        """Notes what the peer has; returns what of it was really under way."""
        known = []
        for position in positions:
            sent = self._under_way.get(position)
            if sent is not None:
                self._under_way[position] = None
                self._arrived(sent[0], sent[1])
                known.append(position)
        return known

    def settled(self, positions: Collection[int]) -> None:
        """Forgets positions that are no longer in the queue."""
        for position in positions:
            self._under_way.pop(position, None)
        if self._looking:
            self._gone.update(positions)

    def requested(self, request: link_service_pb2.BlobRequest) -> None:
        """Takes a peer's request for a file, or its word of how far it has come."""
        for sent_at, weight in self.giving.requested(request):
            self._arrived(weight, sent_at)

    def _arrived(self, size: int, sent_at: float) -> None:
        now = self._clocks.steady()
        self._window.acknowledged(size, now - sent_at, now)
        self._pace.acknowledged(size, now, idle=not self._window.under_way)


def _chunk(piece: Piece) -> link_service_pb2.BlobChunk:
    return link_service_pb2.BlobChunk(digest=piece.digest, offset=piece.offset, data=piece.data)
