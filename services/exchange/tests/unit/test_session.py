"""The session decides; here a test drives it by hand, without any I/O and on a clock of its own."""

from datetime import UTC, datetime, timedelta

import pytest

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import link_service_pb2, register_pb2
from bp_exchange.protocol.refusal import Ground
from bp_exchange.protocol.session import effects as to_do
from bp_exchange.protocol.session.effects import Hand
from bp_exchange.protocol.session.greeting import GREETING_SECONDS, SessionEndedError, own_hello
from bp_exchange.protocol.session.incoming import BATCH_ITEMS, HELD_BYTES
from bp_exchange.protocol.session.ports import Clocks
from bp_exchange.protocol.session.session import MAX_ACKS, Session
from bp_exchange.protocol.window import LEAST

Frame, Item = link_service_pb2.Frame, link_service_pb2.Item
FLASH, URGENT, ROUTINE, BULK = (
    handling_pb2.URGENCY_FLASH,
    handling_pb2.URGENCY_URGENT,
    handling_pb2.URGENCY_ROUTINE,
    handling_pb2.URGENCY_BULK,
)
DIGEST = "ab" * 32


class Time:
    def __init__(self):
        self.seconds = 0.0

    def wall(self):
        return datetime(2026, 11, 2, tzinfo=UTC) + timedelta(seconds=self.seconds)


class Known:
    """What a country believes: no register yet that could be told, and everybody but Vanuatu."""

    current = None
    is_centre = False

    def __init__(self, society):
        self.directory = society.directory_of(revoked=("vut",))


class Plan:
    """Holds back what is less urgent than a limit."""

    def __init__(self, time, least):
        self.time, self.least = time, least

    def opens(self, urgency, now):
        return None if urgency <= self.least else now + timedelta(seconds=60)

    def passed(self, urgency, size, now):
        return


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def make(society, time):
    def made(peer="ptccc", **values):
        register = Known(society)
        hello = own_hello("fji", "one", register, time.wall())
        return Session(peer, hello, register=register, clocks=Clocks(time.wall, lambda: time.seconds), **values)

    return made


@pytest.fixture
def session(make):
    return up(make())


def up(session):
    """Returns the session greeted, with its first looks answered: nothing is owed, no file is awaited."""
    assert session.next_frame().HasField("hello")
    session.heard(Frame(hello=link_service_pb2.Hello(node_id=session.peer, version=1)))
    assert isinstance(session.take(Hand.HEARING), to_do.Greeted)
    session.greeted()
    session.take(Hand.FETCHING)
    session.wanted([])
    look(session)
    return session


def look(session, *items):
    assert session.next_frame() is None
    assert isinstance(session.take(Hand.QUEUE), to_do.LookInQueue)
    session.found(items)


def waiting(position, urgency, size=10):
    return to_do.Waiting(urgency, Item(position=position, envelope=bytes(size)))


def sent(session):
    """Returns the positions of the items that go now."""
    positions = []
    while (frame := session.next_frame()) is not None:
        positions.append(frame.item.position)
    return positions


@pytest.mark.parametrize(
    "frame",
    [
        Frame(item=Item(position=1)),
        Frame(hello=link_service_pb2.Hello(node_id="ton", version=1)),
        Frame(hello=link_service_pb2.Hello(node_id="ptccc")),
    ],
    ids=["none", "somebody else's", "of no version"],
)
def test_without_a_greeting_of_its_own_a_peer_is_not_heard(make, frame):
    with pytest.raises(SessionEndedError):
        make().heard(frame)


def test_who_does_not_greet_in_time_is_left(make, time):
    session = make()
    session.tick()
    time.seconds = GREETING_SECONDS
    with pytest.raises(SessionEndedError):
        session.tick()


def test_who_is_revoked_is_left(make):
    session = make("vut")
    session.heard(Frame(hello=link_service_pb2.Hello(node_id="vut", version=1)))
    session.take(Hand.HEARING)
    with pytest.raises(SessionEndedError):
        session.greeted()


def test_nothing_but_the_greeting_goes_before_it(make):
    session = make()
    session.queued()
    assert session.next_frame().HasField("hello")
    assert session.next_frame() is None
    assert session.hands() == []


def test_what_is_urgent_overtakes_what_was_read_and_not_sent(session):
    session.queued()
    look(session, waiting(1, ROUTINE), waiting(2, ROUTINE))
    assert session.next_frame().item.position == 1
    session.queued()
    look(session, waiting(3, FLASH), waiting(2, ROUTINE))
    assert sent(session) == [3, 2]


def test_a_look_passes_over_what_is_under_way(session):
    session.queued()
    look(session, waiting(1, ROUTINE))
    assert sent(session) == [1]
    session.queued()
    assert session.next_frame() is None
    assert session.take(Hand.QUEUE).under_way == {1}


def test_what_was_settled_during_a_look_is_not_sent_again(session):
    session.queued()
    look(session, waiting(1, ROUTINE))
    assert sent(session) == [1]
    session.heard(Frame(ack=link_service_pb2.Ack(stored=[1])))
    session.queued()
    assert session.next_frame() is None
    session.settled(session.take(Hand.SETTLING).stored)
    session.found([waiting(1, ROUTINE)])
    assert sent(session) == []


def test_only_what_is_under_way_is_acknowledged(session):
    session.queued()
    look(session, waiting(1, ROUTINE))
    ack = link_service_pb2.Ack(stored=[1, 7])
    ack.refused.add(position=8, ground="BAD_SEAL")
    session.heard(Frame(ack=ack))
    assert session.take(Hand.SETTLING) is None
    assert sent(session) == [1]
    session.heard(Frame(ack=ack))
    assert session.take(Hand.SETTLING) == to_do.Settle((1,), {})


def test_too_many_acknowledgements_end_it(session):
    with pytest.raises(SessionEndedError):
        session.heard(Frame(ack=link_service_pb2.Ack(stored=range(MAX_ACKS + 1))))


def test_the_window_bounds_what_is_under_way(session):
    session.queued()
    look(session, *(waiting(at, ROUTINE, LEAST // 2 + 1) for at in range(1, 5)))
    assert sent(session) == [1, 2]
    session.heard(Frame(ack=link_service_pb2.Ack(stored=[1])))
    # One has arrived, and so soon that more may follow.
    assert sent(session) == [3, 4]


def test_a_file_goes_before_bulk_and_after_everything_else(session):
    session.heard(Frame(blob_request=link_service_pb2.BlobRequest(digest=DIGEST, urgency=ROUTINE)))
    assert session.take(Hand.GIVING) == to_do.FindFile(DIGEST)
    session.file_found(DIGEST, 100)
    session.queued()
    look(session, waiting(1, ROUTINE), waiting(2, BULK))
    assert session.next_frame().item.position == 1
    assert session.next_frame() is None
    assert isinstance(session.take(Hand.GIVING), to_do.ReadPiece)
    session.piece_read(DIGEST, 0, bytes(100))
    assert session.next_frame().blob_chunk.digest == DIGEST
    assert session.next_frame().item.position == 2


def test_a_file_that_is_lost_here_is_as_if_it_had_never_been(session):
    session.heard(Frame(blob_request=link_service_pb2.BlobRequest(digest=DIGEST)))
    session.take(Hand.GIVING)
    session.file_found(DIGEST, 100)
    assert session.next_frame() is None
    session.take(Hand.GIVING)
    session.piece_read(DIGEST, 0, b"")
    assert session.next_frame() is None
    assert session.hands() == []
    session.file_here()
    assert session.take(Hand.GIVING) == to_do.FindFile(DIGEST)


def test_what_a_plan_holds_back_is_not_passed_by_what_is_less_urgent(make, time):
    session = up(make(allowance=Plan(time, FLASH)))
    session.queued()
    look(session, waiting(1, FLASH), waiting(2, URGENT), waiting(3, BULK))
    assert sent(session) == [1]
    assert session.pause() == 60


def test_what_arrives_is_stored_in_batches_and_acknowledged_after(session):
    for at in range(BATCH_ITEMS + 2):
        session.heard(Frame(item=Item(position=at, envelope=b"x")))
    first = session.take(Hand.STORING)
    assert [one.position for one in first.items] == [0]
    assert session.next_frame() is None
    session.stored([], {0: Ground.BAD_SEAL})
    assert session.next_frame().ack.refused[0].ground == "BAD_SEAL"
    assert len(session.take(Hand.STORING).items) == BATCH_ITEMS


def test_a_peer_that_sends_too_much_waits(session):
    half = Item(position=1, envelope=bytes(HELD_BYTES // 2))
    # The first is being stored already.
    for _ in range(3):
        assert session.can_hear
        session.heard(Frame(item=half))
    assert not session.can_hear
    session.take(Hand.STORING)
    session.stored([1], {})
    assert session.can_hear


def test_a_register_is_the_centres_to_send_and_nothing_is_heard_meanwhile(make, session):
    session.heard(Frame(register=register_pb2.RegisterBundle()))
    assert not session.can_hear
    assert isinstance(session.take(Hand.HEARING), to_do.Believe)
    session.believed()
    assert session.can_hear
    with pytest.raises(SessionEndedError):
        up(make("ton")).heard(Frame(register=register_pb2.RegisterBundle()))


def test_frames_of_a_newer_release_are_passed_over(session):
    session.heard(Frame())
    session.heard(Frame(hello=link_service_pb2.Hello(node_id="ton")))
    assert session.can_hear


def test_pieces_are_taken_in_their_turn_and_a_whole_file_is_finished(session):
    session.file_awaited()
    session.take(Hand.FETCHING)
    session.wanted([to_do.Wanted(DIGEST, 4, ROUTINE, 1)])
    assert session.next_frame().blob_request.offset == 1
    for offset, data in ((0, b"abcd"), (2, b"cd"), (1, b"bcde"), (1, b"")):
        session.heard(Frame(blob_chunk=link_service_pb2.BlobChunk(digest=DIGEST, offset=offset, data=data)))
        assert session.can_hear
    session.heard(Frame(blob_chunk=link_service_pb2.BlobChunk(digest=DIGEST, offset=1, data=b"bcd")))
    assert session.take(Hand.HEARING) == to_do.WritePiece(DIGEST, 1, b"bcd")
    session.piece_written(DIGEST, 3)
    assert session.next_frame().blob_request.offset == 4
    assert session.take(Hand.FETCHING) == to_do.FinishFile(DIGEST)
