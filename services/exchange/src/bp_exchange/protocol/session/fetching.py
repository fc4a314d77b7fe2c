"""Files that were announced: asked for, written as they arrive, verified, and opened into the node's own files.

What arrived stays on disk, so a cut costs at most what was under way; a file that is not what was announced is set aside.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.protocol.session.effects import Effect, FinishFile, LookForFiles, Wanted, WritePiece
from bp_exchange.protocol.session.ports import Asking

# What was asked for and does not come must not keep what was announced later from being asked for.
AT_ONCE = 64
MAX_ASKED = 1000
LOOK_SECONDS = 30.0

BlobRequest = link_service_pb2.BlobRequest


class Fetching:
    """One link's wanted files.

    Args:
        hearing: Takes what must be done before another frame is heard.
        asking: What the contact plan lets it ask for.
        wall: The time of day.

    Attributes:
        effects: What else is to be done, in order.
    """

    def __init__(self, hearing: deque[Effect], asking: Asking, wall: Callable[[], datetime]) -> None:
        self._hearing = hearing
        self._asking = asking
        self._wall = wall
        # What the contact plan does not let it ask for now.
        self._held: set[str] = set()
        self.effects: deque[Effect] = deque()
        # Digest -> (what is awaited, how much of it is here).
        self._asked: dict[str, tuple[Wanted, int]] = {}
        self._looked: float | None = None
        self._looking = False
        self._again = False
        # Being verified and opened; what is awaited is looked for after it, so that what is asked for anew is among it.
        self._finishing = 0

    def look_anew(self, now: float) -> None:
        """Something more may be awaited."""
        self._again = True
        self._look(now)

    def tick(self, now: float) -> None:
        """Looks now and then, for what other processes await."""
        if self._looked is None or now - self._looked >= LOOK_SECONDS:
            self.look_anew(now)

    def _look(self, now: float) -> None:
        if self._looking or self._finishing or not self._again:
            return
        self._looking, self._again, self._looked = True, False, now
        limit = min(AT_ONCE + len(self._asked), MAX_ASKED)
        self.effects.append(LookForFiles(frozenset(self._asked), limit))

    def wanted(self, files: Sequence[Wanted], now: float) -> list[BlobRequest]:
        """Takes what is awaited; returns the requests for it."""
        self._looking = False
        requests = []
        for file in files:
            if file.digest in self._asked:
                continue
            self._asked[file.digest] = (file, file.have)
            if file.have >= file.size:
                self._finish(file.digest)
            else:
                requests += self._requests(file.digest)
        self._look(now)
        return requests

    def take(self, chunk: link_service_pb2.BlobChunk) -> None:
        """Has a piece written; one that was not asked for, or is out of its turn, is left."""
        asked = self._asked.get(chunk.digest)
        if asked is None or chunk.offset != asked[1] or not chunk.data:
            return
        if asked[1] + len(chunk.data) <= asked[0].size:
            self._hearing.append(WritePiece(chunk.digest, chunk.offset, chunk.data))

    def piece_written(self, digest: str, size: int) -> list[BlobRequest]:
        """Takes that so many bytes more are here; returns what tells the peer."""
        file, have = self._asked[digest]
        have += size
        self._asked[digest] = (file, have)
        self._asking.arrived(file.urgency, size, self._wall())
        if have == file.size:
            self._finish(digest)
        return self._requests(digest)

    def unheld(self) -> list[BlobRequest]:
        """Returns the requests for what had to wait and need not any more."""
        held = [one for one in self._held if one in self._asked]
        self._held.clear()
        return [request for digest in held for request in self._requests(digest)]

    def _requests(self, digest: str) -> list[BlobRequest]:
        """A request tells how much is here, too; without any of it, one that may ask for nothing is not sent."""
        file, have = self._asked[digest]
        credit = self._asking.credit(file.urgency, self._wall())
        until = 0 if credit is None or have >= file.size else min(file.size, have + credit)
        if credit == 0 and have < file.size:
            self._held.add(digest)
            if not have:
                return []
        return [_request(file, have, until)]

    def finished(self, digest: str, now: float, *, whole: bool) -> None:
        """A file is done with. Bytes of another file are asked for from their beginning, but not at once and for ever."""
        del self._asked[digest]
        self._finishing -= 1
        self._again = self._again or whole
        self._look(now)

    def _finish(self, digest: str) -> None:
        self._finishing += 1
        self.effects.append(FinishFile(digest))


def _request(file: Wanted, have: int, until: int) -> BlobRequest:
    urgency = handling_pb2.Urgency.ValueType(file.urgency)
    return BlobRequest(digest=file.digest, offset=have, urgency=urgency, until=until)
