"""A link to a peer, the same at both ends: greeted, then frames both ways until either end is gone.

A driver calls a method for each thing that happens, does the effects that `take` gives it and sends the frames that `next_frame` gives
it. Nothing is remembered between two links but what is in the database: whatever was sent and not acknowledged is sent again. How all of
it works, and how it fails, stands in services/exchange/PROTOCOL.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.protocol.refusal import Ground
from bp_exchange.protocol.session.effects import (
    Believe,
    Effect,
    Greeted,
    Hand,
    Pass,
    Settle,
    Waiting,
    Wanted,
)
from bp_exchange.protocol.session.fetching import Fetching
from bp_exchange.protocol.session.greeting import GREETING_SECONDS, SessionEndedError, check_hello, drift_of
from bp_exchange.protocol.session.incoming import Incoming
from bp_exchange.protocol.session.news import RegisterNews
from bp_exchange.protocol.session.outgoing import Outgoing
from bp_exchange.protocol.session.ports import Allowance, Asking, Clocks, Register, Unlimited

MAX_ACKS = 10_000
_GROUND_LETTERS = 30

Frame = link_service_pb2.Frame


class Session:
    """One link's state.

    Args:
        peer: The other end's node id, as its certificate says.
        hello: What this node says first.
        register: What it believes.
        clocks: The time.
        allowance: What the contact plan lets pass.
        asking: What it lets ask for.
        pace: Bytes a second that the link was seen to carry at another contact.

    Attributes:
        is_greeted: Both ends have said who they are.
    """

    def __init__(
        self,
        peer: str,
        hello: link_service_pb2.Hello,
        *,
        register: Register,
        clocks: Clocks,
        allowance: Allowance | None = None,
        asking: Asking | None = None,
        pace: int | None = None,
    ) -> None:
        self.peer = peer
        self.is_greeted = False
        self._clocks = clocks
        self._begun = clocks.steady()
        self._greeting: link_service_pb2.Hello | None = None
        self._hearing: deque[Effect] = deque()
        self._settling: deque[Effect] = deque()
        # An effect of the hearing hand is being done.
        self._is_busy = False
        self._news = RegisterNews(register, peer)
        self._outgoing = Outgoing(clocks, allowance or Unlimited(), pace)
        self._incoming = Incoming()
        self._fetching = Fetching(self._hearing, asking or Unlimited(), clocks.wall)
        self._acks: deque[link_service_pb2.Ack] = deque()
        self._is_settling = False
        self._outgoing.control(Frame(hello=hello))
        self._effects: dict[Hand, deque[Effect]] = {
            Hand.HEARING: self._hearing,
            Hand.QUEUE: self._outgoing.effects,
            Hand.STORING: self._incoming.effects,
            Hand.SETTLING: self._settling,
            Hand.GIVING: self._outgoing.giving.effects,
            Hand.FETCHING: self._fetching.effects,
        }

    # What a driver asks.

    @property
    def can_hear(self) -> bool:
        """Whether another frame may be given: not while the last one is being dealt with, nor while too much waits."""
        return not self._is_busy and not self._hearing and not self._incoming.is_full

    def next_frame(self) -> Frame | None:
        """Returns what the transport is given next; None while there is nothing."""
        return self._outgoing.next() if self.is_greeted else self._outgoing.next_control()

    def pause(self) -> float | None:
        """Returns after how many seconds `next_frame` may have what the contact plan holds back now; None when it holds nothing."""
        return self._outgoing.pause()

    def take(self, hand: Hand) -> Effect | None:
        """Returns the next effect for a hand; None while there is none."""
        effects = self._effects[hand]
        if not effects:
            return None
        self._is_busy = self._is_busy or hand is Hand.HEARING
        return effects.popleft()

    def hands(self) -> list[Hand]:
        """Returns the hands for which there is an effect."""
        return [hand for hand, effects in self._effects.items() if effects]

    # What happens.

    def heard(self, frame: Frame) -> None:
        """Takes a frame of the peer.

        Raises:
            SessionEndedError: It may not send that.
        """
        if self._greeting is None:
            self._greeting = check_hello(frame, self.peer)
            self._hearing.append(Greeted(self._greeting, drift_of(self._greeting, self._clocks.wall())))
            return
        match frame.WhichOneof("kind"):
            case "item":
                self._incoming.take(frame.item)
            case "ack":
                self._hear_ack(frame.ack)
            case "blob_request":
                self._outgoing.requested(frame.blob_request)
            case "blob_chunk":
                self._fetching.take(frame.blob_chunk)
            case "register":
                self._news.check_source()
                self._hearing.append(Believe(frame.register))
            case "hello" | None:
                # Once too often, or a newer peer's frame: passed over.
                return
            case _:
                self._hearing.append(Pass(frame))

    def tick(self) -> None:
        """Lets time pass; called every 2 s or so.

        Raises:
            SessionEndedError: The peer did not greet in time, or is no longer trusted.
        """
        now = self._clocks.steady()
        if self.is_greeted:
            self._news.check()
            self._outgoing.tick()
            self._fetching.tick(now)
            self.replanned()
        elif now - self._begun >= GREETING_SECONDS:
            raise SessionEndedError("no greeting")

    def control(self, frame: Frame) -> None:
        """Sends a frame of another room before everything that is queued."""
        self._outgoing.control(frame)

    def replanned(self) -> None:
        """The contact plan may let ask for more now."""
        for request in self._fetching.unheld():
            self._outgoing.control(Frame(blob_request=request))

    def queued(self) -> None:
        """Something was queued for the peer."""
        self._outgoing.look_anew()

    def file_here(self) -> None:
        """A file has become whole on this node."""
        self._outgoing.giving.look_anew()

    def file_awaited(self) -> None:
        """A file of the peer is awaited."""
        if self.is_greeted:
            self._fetching.look_anew(self._clocks.steady())

    def register_changed(self) -> None:
        """Another register is believed.

        Raises:
            SessionEndedError: The peer is not trusted by it.
        """
        if self.is_greeted:
            self._tell()
            self._news.check()

    def _tell(self) -> None:
        if news := self._news.next():
            self._outgoing.control(news)

    # What became of effects.

    def greeted(self) -> None:
        """The peer's greeting was noted: the link is up.

        Raises:
            SessionEndedError: The peer is not trusted.
        """
        assert self._greeting
        self._is_busy = False
        self.is_greeted = True
        self._news.greeted(self._greeting)
        self._tell()
        self._news.check()
        self._fetching.look_anew(self._clocks.steady())

    def believed(self) -> None:
        """A register was dealt with."""
        self._is_busy = False

    def passed(self) -> None:
        """A frame of another room was dealt with."""
        self._is_busy = False

    def piece_written(self, digest: str, size: int) -> None:
        """A piece is on disk."""
        self._is_busy = False
        for request in self._fetching.piece_written(digest, size):
            self._outgoing.control(Frame(blob_request=request))

    def found(self, items: Sequence[Waiting], *, more: bool = False) -> None:
        """The queue was read; more of it may wait to be sealed."""
        self._outgoing.found(items, more=more)

    def stored(self, positions: Sequence[int], refused: Mapping[int, str]) -> None:
        """A batch is safely stored, but for what will never be taken."""
        self._outgoing.control(Frame(ack=self._incoming.stored(positions, refused)))

    def settled(self, positions: Sequence[int]) -> None:
        """Items have left the queue."""
        self._is_settling = False
        self._outgoing.settled(positions)
        self._settle()

    def file_found(self, digest: str, size: int) -> None:
        """A file that the peer asks for was looked up."""
        self._outgoing.giving.file_found(digest, size)

    def piece_read(self, digest: str, offset: int, data: bytes | None) -> None:
        """A piece of a file was read, or is lost."""
        self._outgoing.giving.piece_read(digest, offset, data)

    def wanted(self, files: Sequence[Wanted]) -> None:
        """What is awaited from the peer was read."""
        for request in self._fetching.wanted(files, self._clocks.steady()):
            self._outgoing.control(Frame(blob_request=request))

    def file_finished(self, digest: str, *, whole: bool) -> None:
        """A file was verified and opened, or is not what was announced."""
        self._fetching.finished(digest, self._clocks.steady(), whole=whole)

    # Acknowledgements.

    def _hear_ack(self, ack: link_service_pb2.Ack) -> None:
        if len(ack.stored) + len(ack.refused) > MAX_ACKS:
            raise SessionEndedError("too many acknowledgements in one frame", Ground.TOO_MANY_ACKS)
        self._acks.append(ack)
        self._settle()

    def _settle(self) -> None:
        """Settles what was acknowledged meanwhile, all at once."""
        if self._is_settling:
            return
        stored: list[int] = []
        refused: dict[int, str] = {}
        while self._acks:
            ack = self._acks.popleft()
            stored += self._outgoing.acknowledged(ack.stored)
            grounds = {one.position: one.ground[:_GROUND_LETTERS].replace("\0", "") for one in ack.refused}
            refused |= {at: grounds[at] or "REFUSED" for at in self._outgoing.acknowledged(list(grounds))}
        if stored or refused:
            self._is_settling = True
            self._settling.append(Settle(tuple(stored), refused))
