"""Drives a link: a session (protocol/session) decides, and here its frames are carried, its effects done and its time measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.adapters.bells import woken
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.freshness import Prudent
from bp_exchange.protocol.session.effects import Hand
from bp_exchange.protocol.session.greeting import SessionEndedError, own_hello
from bp_exchange.protocol.session.ports import Clocks
from bp_exchange.protocol.session.session import Session
from bp_exchange.usecases import bells
from bp_exchange.workers.hands import Hands
from bp_exchange.workers.keeping import Keeping
from bp_exchange.workers.witnessing import Witnessing
from bp_kit.logs import get_logger

_TICK_SECONDS = 2.0
_log = get_logger("bp_exchange.link")

Frame = link_service_pb2.Frame
LinkEndedError = SessionEndedError


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
        # Set when something has happened that a hand, the writer or the reader may wait for.
        self._wakes = {waiter: asyncio.Event() for waiter in (*Hand, "writing", "reading", "ending")}
        self._ended: SessionEndedError | None = None

    async def run(self) -> None:
        """Serves the link until it ends.

        Raises:
            LinkEndedError: It has ended, or an ExceptionGroup of it and what else broke.
        """
        house = self._house
        hello = own_hello(house.keys.node_id, await self._incarnation(), house.register, house.seams.clock())
        clocks = Clocks(house.seams.clock, time.monotonic, lambda: house.bells.patience)
        self._keeping = Keeping(house, self.peer)
        self._witnessing = Witnessing(house, self.peer, self.control)
        await self._witnessing.greet(hello)
        allowance = Prudent(await self._keeping.load(), house.register)
        asking = self._keeping.allowance
        self._session = Session(
            self.peer,
            hello,
            register=house.register,
            clocks=clocks,
            allowance=allowance,
            asking=asking,
            pace=self._keeping.pace,
        )
        self._hands = Hands(house, self._session, self._keeping, self._witnessing)
        listening = house.bells.listening
        try:
            with (
                listening(self._on_bell(self._session.queued), bells.queue_of(self.peer)),
                listening(self._on_bell(self._session.file_here), bells.FILES),
                listening(self._on_bell(self._session.file_awaited), bells.files_from(self.peer)),
                listening(self._on_bell(self._session.register_changed), bells.REGISTER_CURRENT),
            ):
                await self._serve()
        finally:
            _log.info("link.down", peer=self.peer)

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for hand in Hand:
                tasks.create_task(self._work(hand))
            tasks.create_task(self._write())
            tasks.create_task(self._read())
            tasks.create_task(self._tick())
            tasks.create_task(self._end())
            tasks.create_task(self._keeping.run(self))
            tasks.create_task(self._witnessing.run(self.greeted))

    def control(self, frame: Frame) -> None:
        """Sends something before everything else."""
        self._session.control(frame)
        self._stir()

    def replanned(self) -> None:
        """Obeys the contact plan as it is now: the allowance is asked at each frame."""
        self._session.replanned()
        self._stir()

    @unbroken
    async def _incarnation(self) -> str:
        async with self._house.transaction() as work:
            return work.journal.incarnation

    def _on_bell(self, happens: Callable[[], None]) -> Callable[[], None]:
        def rung() -> None:
            try:
                happens()
            except SessionEndedError as ended:
                # A bell has no caller who could be told.
                self._ended = ended
            self._stir()

        return rung

    def _stir(self) -> None:
        """Wakes whoever may have something to do now."""
        self._stir_hands()
        self._wakes["writing"].set()
        self._wakes["reading"].set()
        if self._ended:
            self._wakes["ending"].set()

    async def _work(self, hand: Hand) -> None:
        """Does what the session wants of a hand, one after the other."""
        while True:
            while effect := self._session.take(hand):
                await self._hands.do(effect)
                self._note_greeting()
                self._stir()
            await self._woken(hand)

    async def _woken(self, waiter: Hand | str) -> None:
        await self._wakes[waiter].wait()
        self._wakes[waiter].clear()

    def _note_greeting(self) -> None:
        if self._session.is_greeted and not self.greeted.is_set():
            self.greeted.set()
            self._house.bells.ring([bells.LINKS])
            _log.info("link.up", peer=self.peer)

    async def _write(self) -> None:
        while True:
            frame = self._session.next_frame()
            # It may want something read first.
            self._stir_hands()
            if frame is not None:
                await self._stream.write(frame)
            elif (pause := self._session.pause()) is not None:
                await woken(self._wakes["writing"], pause)
            else:
                await self._woken("writing")

    def _stir_hands(self) -> None:
        for hand in self._session.hands():
            self._wakes[hand].set()

    async def _read(self) -> None:
        while (frame := await self._stream.read()) is not None:
            self.last_contact = self._house.seams.clock()
            self._session.heard(frame)
            self._stir()
            while not self._session.can_hear:
                await self._woken("reading")
        raise LinkEndedError("the peer has ended it")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._session.tick()
            self._stir()

    async def _end(self) -> None:
        while self._ended is None:
            await self._woken("ending")
        raise self._ended
