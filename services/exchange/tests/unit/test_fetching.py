"""Files are asked for as far as the contact plan lets them be."""

from collections import deque
from datetime import UTC, datetime, timedelta

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.protocol.allowance import Allowance
from bp_exchange.protocol.plan import URGENCIES, Plan, Rule
from bp_exchange.protocol.session.effects import ReadPiece, Wanted
from bp_exchange.protocol.session.fetching import Fetching
from bp_exchange.protocol.session.giving import PIECE_BYTES, Giving
from bp_exchange.protocol.session.ports import Unlimited

BULK = URGENCIES[-1]
DIGEST = "ab" * 32
SIZE = 20 * PIECE_BYTES


class Clock:
    now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

    def __call__(self):
        return self.now


def fetching(asking, clock=None):
    return Fetching(deque(), asking, clock or Clock())


def test_without_a_plan_all_of_it_is_asked_for():
    (request,) = fetching(Unlimited()).wanted([Wanted(DIGEST, SIZE, BULK, 0)], 0.0)
    assert (request.offset, request.until) == (0, 0)


def test_a_rate_is_kept_by_what_is_asked_for():
    clock, rate = Clock(), 2 * PIECE_BYTES
    begin, have = clock.now, 0
    one = fetching(Allowance(Plan(UTC, {BULK: Rule(rate=rate)})), clock)
    (request,) = one.wanted([Wanted(DIGEST, SIZE, BULK, 0)], 0.0)
    while have < SIZE:
        while have < request.until:
            have += PIECE_BYTES
            (request,) = one.piece_written(DIGEST, PIECE_BYTES)
        clock.now += timedelta(seconds=1)
        for again in one.unheld():
            request = again
    seconds = (clock.now - begin).total_seconds()
    assert seconds >= SIZE / rate - 6


def test_what_may_not_be_asked_for_is_asked_for_later():
    clock = Clock()
    allowance = Allowance(Plan(UTC, {BULK: Rule(volume=1)}))
    allowance.arrived(BULK, 1, clock.now)
    one = fetching(allowance, clock)
    assert one.wanted([Wanted(DIGEST, SIZE, BULK, 0)], 0.0) == []
    assert one.unheld() == []
    clock.now += timedelta(days=1)
    (request,) = one.unheld()
    assert (request.digest, request.offset) == (DIGEST, 0)
    assert request.until > 0


def test_the_giver_sends_nothing_behind_what_was_asked_for():
    giving = Giving()
    ask = {"digest": DIGEST, "urgency": BULK}
    giving.requested(link_service_pb2.BlobRequest(**ask, until=PIECE_BYTES + 10))
    giving.file_found(DIGEST, SIZE)
    sent = 0
    while giving.urgency() is not None:
        if (piece := giving.next(0.0)) is not None:
            sent = piece.offset + len(piece.data)
        read = [one for one in giving.effects if isinstance(one, ReadPiece)]
        giving.effects.clear()
        for one in read:
            giving.piece_read(one.digest, one.offset, bytes(one.size))
    assert sent == PIECE_BYTES + 10
    giving.requested(link_service_pb2.BlobRequest(**ask, offset=sent))
    assert giving.urgency() == BULK
