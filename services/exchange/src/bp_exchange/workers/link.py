"""One link to one peer, the same at both ends: greeted, then frames both ways until either end is gone.

Nothing is remembered between two links but what is in the database: whatever was sent and not acknowledged is sent again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import update

from bluepacific.exchange.v1 import link_service_pb2, register_pb2
from bp_exchange.adapters.bells import woken
from bp_exchange.adapters.tables import PeerRow
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.adapters.writing import add_new
from bp_exchange.usecases import bells
from bp_exchange.usecases.settling import settle
from bp_exchange.workers.fetching import Fetching
from bp_exchange.workers.incoming import Incoming
from bp_exchange.workers.outgoing import Frame, Outgoing
from bp_kit.logs import get_logger
from bp_verify.trust import RegisterNotTrustedError, trust

VERSION = 1
_GREETING_SECONDS = 20.0
_LOOK_SECONDS = 30.0
_MAX_ACKS = 10_000
_GROUND_LETTERS = 30
_log = get_logger("bp_exchange.link")


class LinkEndedError(Exception):
    """The link is over: the peer went, broke the rules, or is no longer trusted."""


class Stream(Protocol):
    """The transport of a link."""

    async def read(self) -> Frame | None:
        """Returns the peer's next frame; None at the end."""

    async def write(self, frame: Frame) -> None:
        """Gives a frame to the transport; waits while it can take no more."""


class Link:
    """A connection to a peer.

    Args:
        house: The exchange.
        peer: Its node id, as its certificate says.
        stream: The transport.

    Attributes:
        peer: Its node id.
        greeted: Set once both ends have said who they are.
        last_contact: When the peer was last heard.
    """

    def __init__(self, house: House, peer: str, stream: Stream) -> None:
        self.peer = peer
        self.greeted = asyncio.Event()
        self.last_contact: datetime = house.seams.clock()
        self._house = house
        self._stream = stream
        self._outgoing = Outgoing(house, peer, stream.write)
        self._incoming = Incoming(house, peer, self._outgoing)
        self._fetching = Fetching(house, peer, self._outgoing)
        self._acks: deque[link_service_pb2.Ack] = deque()
        self._acked = asyncio.Event()
        self._register_changed = asyncio.Event()
        # The register that the peer has: version and timestamp's version.
        self._peer_register = (0, 0)

    async def run(self) -> None:
        """Serves the link until it ends.

        Raises:
            LinkEndedError: It has ended, or an ExceptionGroup of it and what else broke.
        """
        await self._greet()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._outgoing.run())
                tasks.create_task(self._incoming.run())
                tasks.create_task(self._fetching.run())
                tasks.create_task(self._settle())
                tasks.create_task(self._watch_register())
                tasks.create_task(self._read())
        finally:
            _log.info("link.down", peer=self.peer)

    async def _greet(self) -> None:
        try:
            async with asyncio.timeout(_GREETING_SECONDS):
                await self._stream.write(Frame(hello=await self._hello()))
                frame = await self._stream.read()
        except TimeoutError:
            raise LinkEndedError("no greeting") from None
        if frame is None or not frame.HasField("hello"):
            raise LinkEndedError("no greeting")
        hello = frame.hello
        if hello.node_id != self.peer or hello.version < VERSION:
            raise LinkEndedError("a greeting of somebody else, or of another version")
        self._peer_register = (hello.register_version, hello.timestamp_version)
        await self._note(hello)
        self._tell()
        self.greeted.set()
        self._house.bells.ring([bells.LINKS])
        _log.info("link.up", peer=self.peer)

    @unbroken
    async def _hello(self) -> link_service_pb2.Hello:
        house = self._house
        current = house.register.current
        async with house.transaction() as work:
            incarnation = work.journal.incarnation
        return link_service_pb2.Hello(
            node_id=house.keys.node_id,
            incarnation=incarnation,
            version=VERSION,
            register_version=current.version if current else 0,
            timestamp_version=current.timestamp_version if current else 0,
            clock_millis=_millis(house.seams.clock()),
        )

    @unbroken
    async def _note(self, hello: link_service_pb2.Hello) -> None:
        now = self._house.seams.clock()
        values = {
            "incarnation": hello.incarnation[:36].replace("\0", ""),
            "last_contact_time": now,
            "drift_millis": max(-(2**62), min(2**62, hello.clock_millis - _millis(now))),
        }
        async with self._house.database.write() as session:
            await add_new(session, PeerRow, [{"peer": self.peer, **values}])
            await session.execute(update(PeerRow).where(PeerRow.peer == self.peer).values(**values))

    async def _read(self) -> None:
        while (frame := await self._stream.read()) is not None:
            self.last_contact = self._house.seams.clock()
            await self._take(frame)
        raise LinkEndedError("the peer has ended it")

    async def _take(self, frame: Frame) -> None:
        match frame.WhichOneof("kind"):
            case "item":
                await self._incoming.put(frame.item)
            case "ack":
                if len(frame.ack.stored) + len(frame.ack.refused) > _MAX_ACKS:
                    raise LinkEndedError("too many acknowledgements in one frame")
                self._acks.append(frame.ack)
                self._acked.set()
            case "blob_request":
                await self._outgoing.requested(frame.blob_request)
            case "blob_chunk":
                await self._fetching.take(frame.blob_chunk)
            case "register":
                await self._believe(frame.register)
            case _:
                # A newer peer's frame, or nothing: both are passed over.
                return

    async def _settle(self) -> None:
        while True:
            await self._acked.wait()
            self._acked.clear()
            stored: list[int] = []
            refused: dict[int, str] = {}
            while self._acks:
                ack = self._acks.popleft()
                stored += self._outgoing.acknowledged(ack.stored)
                grounds = {one.position: one.ground[:_GROUND_LETTERS].replace("\0", "") for one in ack.refused}
                refused |= {at: grounds[at] or "REFUSED" for at in self._outgoing.acknowledged(list(grounds))}
            if stored or refused:
                await self._settled(stored, refused)
                self._outgoing.settled([*stored, *refused])

    @unbroken
    async def _settled(self, stored: list[int], refused: dict[int, str]) -> None:
        async with self._house.transaction() as work:
            await settle(work, self.peer, stored, refused)

    @unbroken
    async def _believe(self, bundle: register_pb2.RegisterBundle) -> None:
        """Takes a newer register from the centre."""
        register = self._house.register
        sender = register.directory.nodes.get(self.peer)
        if sender is None or not sender.centre:
            raise LinkEndedError("a register that is not the centre's")
        try:
            trusted = trust(bundle, register.current)
        except RegisterNotTrustedError:
            _log.error("register.not_trusted", peer=self.peer)
            return
        async with self._house.transaction() as work:
            await work.keep_register(trusted)
        # What follows on the link may be of a node that only this register knows.
        await register.load()

    async def _watch_register(self) -> None:
        """Sends the peer what is newer than what it has, and ends the link when the peer is revoked."""
        with self._house.bells.listening(self._register_is_new, bells.REGISTER_CURRENT):
            while self._house.register.directory.trusted(self.peer):
                await woken(self._register_changed, _LOOK_SECONDS)
        raise LinkEndedError("the peer is not trusted")

    def _register_is_new(self) -> None:
        self._tell()
        self._register_changed.set()

    def _tell(self) -> None:
        """Puts a newer register before everything else that this link sends: who is in it may be the next to be heard of."""
        has, current = self._peer_register, self._house.register.current
        if current is None or not self._house.register.is_centre:
            return
        if (current.version, current.timestamp_version) <= has:
            return
        bundle = register_pb2.RegisterBundle()
        bundle.CopyFrom(current.bundle)
        if current.version == has[0]:
            # Only the timestamp is newer.
            for field in ("snapshot", "targets", "register"):
                bundle.ClearField(field)
        self._peer_register = (current.version, current.timestamp_version)
        self._outgoing.control(Frame(register=bundle))


def _millis(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)
