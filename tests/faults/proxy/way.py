"""One direction of a link: a queue before a narrow place, then a long way.

All connections of a proxy share its two ways, as all that a country says shares its dish. The narrow place keeps a calendar (when it is
free again) and no timer of its own, so what it carries is exact on average however late the event loop wakes, as long as the queue is not
empty.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field

UP, DOWN = "up", "down"

SEGMENT = 1448
_LARGEST_PIECE = 64 * 1024
# A piece takes the narrow place about this long, so that connections which share it take turns.
_PIECE_SECONDS = 0.01
_QUEUE_SECONDS = 0.1
_BUFFER = 256 * 1024
_LARGEST_FLIGHT = 16 * 1024 * 1024


class CutError(Exception):
    """The link has cut the connection."""


@dataclass
class Way:
    """What a direction does to what it carries; everything may be changed while it runs.

    Attributes:
        rate: Bits a second through the narrow place; None when there is none.
        delay: Seconds that each byte travels after it.
        resets: Chance that a chunk of `chunk` bytes resets its connection, however the bytes come.
        chunk: Bytes, see `resets`.
        queue: Seconds of traffic that wait before the narrow place before the sender has to.
        cuts: The next counts of `carried` at which whatever is connected is cut.
        carried: Bytes that were put on this way since it was made; those lost by a cut are among them. Payload of TCP: headers and
            acknowledgements of TCP/IP, some 3 % at full segments, are neither counted nor rated.
    """

    rate: float | None = None
    delay: float = 0.0
    resets: float = 0.0
    chunk: int = 16 * 1024
    queue: float = _QUEUE_SECONDS
    cuts: list[int] = field(default_factory=list)
    carried: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._free_at = 0.0
        self._open = asyncio.Event()
        self._open.set()
        self._awaited: list[tuple[int, asyncio.Event]] = []

    @property
    def is_held(self) -> bool:
        """Tells whether it keeps connections and passes nothing."""
        return not self._open.is_set()

    def hold(self) -> None:
        """Passes nothing from now on, and keeps what is connected: what is not carried waits at its sender, as unacknowledged TCP does."""
        self._open.clear()

    def release(self) -> None:
        """Passes again."""
        self._open.set()

    def cut_after(self, sizes: Iterable[int]) -> None:
        """Cuts after that many more bytes, then after that many more again, and so on."""
        at = max([self.carried, *self.cuts])
        for size in sizes:
            at += size
            self.cuts.append(at)

    async def carrying(self, size: int) -> None:
        """Returns once that many more bytes were carried."""
        reached = asyncio.Event()
        self._awaited.append((self.carried + size, reached))
        await reached.wait()

    @property
    def piece(self) -> int:
        """Bytes taken at once."""
        if self.rate is None:
            return _LARGEST_PIECE
        return max(SEGMENT, min(_LARGEST_PIECE, int(self.rate / 8 * _PIECE_SECONDS)))

    @property
    def room(self) -> int:
        """Bytes that may be in flight; only what nobody takes at the far end comes to be more than that."""
        if self.rate is None:
            return _LARGEST_FLIGHT if self.delay else _BUFFER
        return _BUFFER + int(self.rate / 8 * (self.delay + 2 * self.queue))

    async def passable(self) -> None:
        """Returns once it passes anything."""
        await self._open.wait()

    async def admit(self) -> None:
        """Returns once there is room before the narrow place."""
        now = asyncio.get_running_loop().time
        await self._open.wait()
        while self.rate is not None and (ahead := self._free_at - now()) > self.queue:
            await asyncio.sleep(ahead - self.queue)
            await self._open.wait()

    def carry(self, size: int) -> float:
        """Puts bytes on the way; returns when, by the loop's clock, they arrive.

        Raises:
            CutError: The connection does not survive it.
        """
        now = asyncio.get_running_loop().time()
        self.carried += size
        self._tell()
        if self.rate is None:
            passed = now
        else:
            self._free_at = passed = max(now, self._free_at) + size * 8 / self.rate
        if self.resets and self.chance.random() < 1 - (1 - self.resets) ** (size / self.chunk):
            raise CutError
        if self.cuts and self.carried >= self.cuts[0]:
            self.cuts.pop(0)
            raise CutError
        return passed + self.delay

    def _tell(self) -> None:
        for awaited in [one for one in self._awaited if self.carried >= one[0]]:
            self._awaited.remove(awaited)
            awaited[1].set()
