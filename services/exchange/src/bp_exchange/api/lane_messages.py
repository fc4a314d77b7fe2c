"""A lane's numbers as they are shown: what waits, what is held back, and when it will be gone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import plan_pb2
from bp_exchange.adapters.lanes import LaneNumbers
from bp_exchange.adapters.refused import Refusals
from bp_exchange.protocol.allowance import Allowance, Way, Why
from bp_exchange.protocol.drain import drained

Numbers = Sequence[tuple[int, int, int]]

_REASONS = {
    Why.QUIET_HOURS: plan_pb2.HOLD_REASON_QUIET_HOURS,
    Why.VOLUME: plan_pb2.HOLD_REASON_VOLUME,
}


@dataclass(frozen=True)
class LaneView:
    """One lane at one moment.

    Attributes:
        peer: The peer.
        revoked: It is no longer trusted.
        heard: When it was last heard over the link that this process has; None when this process has none.
        numbers: What the database says.
        now: The moment.
        allows: Whether the register lets something of an urgency go.
    """

    peer: str
    revoked: bool
    heard: datetime | None
    numbers: LaneNumbers
    now: datetime
    allows: Callable[[int], bool]

    @property
    def connected(self) -> bool:
        """A link is up, here or at another process."""
        return self.heard is not None or self.numbers.pod is not None

    def message(self) -> pb.Lane:
        """Returns the lane as it is shown."""
        numbers = self.numbers
        lane = pb.Lane(
            peer=self.peer,
            revoked=self.revoked,
            connected=self.connected,
            drift_millis=numbers.drift_millis,
            outgoing=self._outgoing(),
            incoming=self._incoming(),
            pod=numbers.pod or "",
            spent_volumes=self._spent(),
        )
        if contact := self.heard or numbers.last_contact:
            lane.last_contact_time.FromDatetime(contact)
        return lane

    def _outgoing(self) -> pb.OutgoingLane:
        numbers = self.numbers
        holds = self._holds(numbers.waiting, Way.SENDING)
        lane = pb.OutgoingLane(
            waiting=_items(numbers.waiting),
            next_item_id=numbers.next_item,
            set_aside=numbers.set_aside,
            state=self._state(numbers.waiting, holds),
            holds=holds,
        )
        if numbers.oldest:
            lane.oldest_time.FromDatetime(numbers.oldest)
        if numbers.pace:
            lane.bytes_per_second = numbers.pace[0]
            lane.measure_time.FromDatetime(numbers.pace[1])
        sizes = {urgency: size for urgency, _, size in numbers.waiting}
        pace = numbers.pace[0] if numbers.pace else None
        if end := drained(numbers.plan, numbers.spent, sizes, pace, self.now):
            lane.drain_seconds = math.ceil((end - self.now).total_seconds())
        return lane

    def _incoming(self) -> pb.IncomingLane:
        numbers = self.numbers
        holds = self._holds(numbers.files, Way.ASKING)
        owes = numbers.owes or []
        lane = pb.IncomingLane(
            files=sum(count for _, count, _ in numbers.files),
            size_bytes=sum(size for _, _, size in numbers.files),
            set_aside=numbers.files_aside,
            # What the peer holds back by its own plan is not known here.
            state=self._state([*owes, *numbers.files], holds),
            waiting=_items(owes),
            holds=holds,
        )
        if numbers.owes_time:
            lane.tell_time.FromDatetime(numbers.owes_time)
        lane.refusals.extend(refusal_messages(numbers.refusals))
        return lane

    def _holds(self, waiting: Numbers, way: Way) -> list[plan_pb2.LaneHold]:
        """Items that are less urgent never overtake what is held; files that are not asked for hold nothing else."""
        allowance = Allowance(self.numbers.plan, self.numbers.spent)
        holds: list[plan_pb2.LaneHold] = []
        for urgency, _, _ in waiting:
            shown = self._hold(allowance, urgency, way)
            if not shown.reason and holds and way is Way.SENDING:
                shown.MergeFrom(holds[-1])
                shown.urgency = handling_pb2.Urgency.ValueType(urgency)
            if shown.reason:
                holds.append(shown)
        return holds

    def _hold(self, allowance: Allowance, urgency: int, way: Way) -> plan_pb2.LaneHold:
        shown = plan_pb2.LaneHold(urgency=handling_pb2.Urgency.ValueType(urgency))
        if not self.allows(urgency):
            shown.reason = plan_pb2.HOLD_REASON_REGISTER
        elif hold := allowance.hold(urgency, self.now, way):
            shown.reason = _REASONS[hold.why]
            shown.until_time.FromDatetime(hold.until)
        return shown

    def _state(self, waiting: Numbers, holds: Sequence[plan_pb2.LaneHold]) -> pb.LaneState.ValueType:
        if self.revoked:
            return pb.LANE_STATE_REVOKED
        urgencies = {urgency for urgency, _, _ in waiting}
        if not urgencies:
            return pb.LANE_STATE_EMPTY
        if not self.connected:
            return pb.LANE_STATE_DOWN
        held = urgencies <= {hold.urgency for hold in holds}
        return pb.LANE_STATE_HELD if held else pb.LANE_STATE_MOVING

    def _spent(self) -> list[plan_pb2.SpentVolume]:
        plan, spent = self.numbers.plan, self.numbers.spent
        today = spent.sizes if spent.day == plan.day(self.now).isoformat() else {}
        return [
            plan_pb2.SpentVolume(
                urgency=handling_pb2.Urgency.ValueType(key), size_bytes=today.get(key, 0), bytes_per_day=rule.volume
            )
            for key, rule in sorted(plan.rules.items())
            if rule.volume is not None
        ]


def refusal_messages(refusals: Sequence[Refusals]) -> Iterator[pb.LaneRefusal]:
    """Yields refusals as they are shown."""
    for one in refusals:
        shown = pb.LaneRefusal(ground=one.ground, count=one.count)
        shown.last_time.FromDatetime(one.last)
        yield shown


def _items(waiting: Numbers) -> list[pb.WaitingItems]:
    return [
        pb.WaitingItems(urgency=handling_pb2.Urgency.ValueType(urgency), count=count, size_bytes=size)
        for urgency, count, size in waiting
    ]
