"""What a link sends, in this order: what keeps it going, items by urgency, files, and BULK items when nothing else is there.

Chosen anew for each frame, so that something urgent overtakes everything that is not yet under way.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.adapters.files import SqlFiles
from bp_exchange.adapters.lanes import keep_pace
from bp_exchange.adapters.queue import QueueReader
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.names import is_digest
from bp_exchange.protocol.pace import Pace
from bp_exchange.protocol.window import Window
from bp_exchange.usecases import bells
from bp_kit.logs import get_logger

PIECE_BYTES = 16 * 1024
_AHEAD = 32
_LOOK_SECONDS = 2.0
_MAX_REQUESTS = 1000
# Each look at the queue passes over what is under way.
_MAX_UNDER_WAY = 512
_BULK = handling_pb2.URGENCY_BULK

_log = get_logger("bp_exchange.link")

Frame = link_service_pb2.Frame
Write = Callable[[Frame], Awaitable[None]]


@dataclass
class _Transfer:
    """A file that a peer asked for: how much of it was sent, and its size; 0 while it is not here, -1 when that must be looked up."""

    digest: str
    urgency: int
    sent: int
    size: int = 0


class Outgoing:
    """One link's sending side.

    Args:
        house: The exchange.
        peer: To whom.
        write: Gives a frame to the transport.
    """

    def __init__(self, house: House, peer: str, write: Write) -> None:
        self._house = house
        self._peer = peer
        self._write = write
        self._reader = QueueReader(house.database, house.seams.clock)
        self._window = Window()
        self._wake = asyncio.Event()
        self._control: deque[Frame] = deque()
        # Read ahead of sending, apart: what is more urgent than BULK, and BULK itself.
        self._ahead: deque[link_service_pb2.Item] = deque()
        self._bulk: deque[link_service_pb2.Item] = deque()
        # Something may be in the queue that was not read yet.
        self._stale = True
        self._more = False
        # Position -> (size, when sent); None once acknowledged, until it has left the database.
        self._under_way: dict[int, tuple[int, float] | None] = {}
        self._transfers: dict[str, _Transfer] = {}
        self._sent_at: deque[tuple[str, int, float]] = deque()
        self._pace = Pace()

    def control(self, frame: Frame) -> None:
        """Sends something before everything else."""
        self._control.append(frame)
        self._wake.set()

    def acknowledged(self, positions: Collection[int]) -> list[int]:
        """Notes what the peer has; returns what of it was really under way."""
        known, now = [], time.monotonic()
        for position in positions:
            sent = self._under_way.get(position)
            if sent is not None:
                self._under_way[position] = None
                self._window.acknowledged(sent[0], now - sent[1])
                self._pace.acknowledged(sent[0], now, idle=not self._window.under_way)
                known.append(position)
        self._wake.set()
        return known

    def settled(self, positions: Collection[int]) -> None:
        """Forgets positions that are no longer in the queue."""
        for position in positions:
            self._under_way.pop(position, None)

    async def requested(self, request: link_service_pb2.BlobRequest) -> None:
        """Takes a peer's request for a file, or its word of how far it has come."""
        known = self._transfers.get(request.digest)
        if known is None:
            if len(self._transfers) < _MAX_REQUESTS and is_digest(request.digest) and request.offset >= 0:
                transfer = _Transfer(request.digest, request.urgency, request.offset)
                self._transfers[request.digest] = transfer
                await self._find(transfer)
        else:
            self._arrived(known, request.offset)
        self._wake.set()

    def _arrived(self, transfer: _Transfer, offset: int) -> None:
        now = time.monotonic()
        while self._sent_at and (done := self._is_done(transfer, offset)):
            self._sent_at.remove(done)
            self._window.acknowledged(PIECE_BYTES, now - done[2])
            self._pace.acknowledged(PIECE_BYTES, now, idle=not self._window.under_way)
        if transfer.size and offset >= transfer.size:
            del self._transfers[transfer.digest]

    def _is_done(self, transfer: _Transfer, offset: int) -> tuple[str, int, float] | None:
        return next((one for one in self._sent_at if one[0] == transfer.digest and one[1] <= offset), None)

    @unbroken
    async def _find(self, transfer: _Transfer) -> None:
        async with self._house.database.read() as session:
            sealed = await SqlFiles(session, self._house.seams.clock).find_sealed(transfer.digest)
        transfer.size = sealed.size if sealed else 0

    async def run(self) -> None:
        """Sends until cancelled."""
        with (
            self._house.bells.listening(self._look_anew, bells.queue_of(self._peer)),
            self._house.bells.listening(self._look_for_files, bells.FILES),
        ):
            while True:
                frame = await self._next()
                if frame is None:
                    await self._wait()
                else:
                    await self._write(frame)

    async def _wait(self) -> None:
        """Waits to be woken; looks anew now and then, for what other processes have queued."""
        if rate := self._pace.news():
            await self._keep_pace(rate)
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            self._stale = True
        self._wake.clear()

    @unbroken
    async def _keep_pace(self, rate: int) -> None:
        async with self._house.database.write() as session:
            await keep_pace(session, self._peer, rate, self._house.seams.clock())

    def _look_anew(self) -> None:
        self._stale = True
        self._wake.set()

    def _look_for_files(self) -> None:
        for transfer in self._transfers.values():
            if not transfer.size:
                transfer.size = -1
        self._wake.set()

    async def _next(self) -> Frame | None:
        if self._control:
            return self._control.popleft()
        if not self._window.is_open or len(self._under_way) >= _MAX_UNDER_WAY:
            return None
        if self._stale:
            await self._read_ahead()
        return self._next_item(self._ahead) or await self._next_piece() or self._next_item(self._bulk)

    async def _read_ahead(self) -> None:
        self._stale = False
        found = await self._reader.next(self._peer, under_way=self._under_way, limit=_AHEAD)
        self._ahead = deque(framed for item, framed in found if item.urgency < _BULK)
        self._bulk = deque(framed for item, framed in found if item.urgency >= _BULK)
        self._more = len(found) == _AHEAD

    def _next_item(self, ahead: deque[link_service_pb2.Item]) -> Frame | None:
        if not ahead:
            return None
        item = ahead.popleft()
        if self._more and not self._ahead and not self._bulk:
            self._stale = True
        size = item.ByteSize()
        self._under_way[item.position] = (size, time.monotonic())
        self._window.sent(size)
        self._pace.sent(time.monotonic())
        return Frame(item=item)

    async def _next_piece(self) -> Frame | None:
        for transfer in list(self._transfers.values()):
            if transfer.size < 0:
                await self._find(transfer)
        ready = [one for one in self._transfers.values() if one.sent < one.size]
        if not ready:
            return None
        transfer = min(ready, key=lambda one: one.urgency)
        try:
            data = await self._house.sealed.read(transfer.digest, transfer.sent, PIECE_BYTES)
        except FileNotFoundError:
            # Lost on this node's disk: as if it had never been here.
            _log.error("files.lost", peer=self._peer)
            transfer.size = 0
            return None
        chunk = link_service_pb2.BlobChunk(digest=transfer.digest, offset=transfer.sent, data=data)
        transfer.sent += len(data)
        self._window.sent(PIECE_BYTES)
        self._pace.sent(time.monotonic())
        self._sent_at.append((transfer.digest, transfer.sent, time.monotonic()))
        return Frame(blob_chunk=chunk)
