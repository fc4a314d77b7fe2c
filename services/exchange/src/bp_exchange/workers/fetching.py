"""Files that were announced: asked for, written as they arrive, verified, and opened into the node's own files.

What arrived stays on disk, so a cut costs at most what was under way; a file that is not what was announced is set aside.
"""

from __future__ import annotations

import asyncio
from collections import deque

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.adapters.bells import woken
from bp_exchange.adapters.file_intake import FileIntake
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.usecases import bells
from bp_exchange.usecases.records import WantedFile
from bp_exchange.workers.outgoing import Frame, Outgoing
from bp_kit.logs import get_logger

# What was asked for and does not come must not keep what was announced later from being asked for.
_AT_ONCE = 64
_MAX_ASKED = 1000
_LOOK_SECONDS = 30.0
_log = get_logger("bp_exchange.files")


class Fetching:
    """One link's wanted files.

    Args:
        house: The exchange.
        peer: Who has them.
        outgoing: Takes the requests.
    """

    def __init__(self, house: House, peer: str, outgoing: Outgoing) -> None:
        self._house = house
        self._peer = peer
        self._outgoing = outgoing
        self._intake = FileIntake(house, peer)
        self._asked: dict[str, tuple[WantedFile, int]] = {}
        self._complete: deque[WantedFile] = deque()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Asks for what is wanted until cancelled."""
        with self._house.bells.listening(self._wake.set, bells.files_from(self._peer)):
            while True:
                await self._ask()
                while self._complete:
                    await self._finish(self._complete.popleft())
                await woken(self._wake, _LOOK_SECONDS)

    async def _ask(self) -> None:
        for file in await self._intake.wanted(min(_AT_ONCE + len(self._asked), _MAX_ASKED)):
            if file.sealed.digest in self._asked:
                continue
            if await self._intake.is_here(file):
                await self._intake.got(file, kept=False)
                continue
            have = await self._house.sealed.have(file.sealed.digest)
            self._asked[file.sealed.digest] = (file, have)
            if have >= file.sealed.size:
                self._completed(file)
            else:
                self._request(file, have)

    def _request(self, file: WantedFile, have: int) -> None:
        urgency = handling_pb2.Urgency.ValueType(file.urgency)
        request = link_service_pb2.BlobRequest(digest=file.sealed.digest, offset=have, urgency=urgency)
        self._outgoing.control(Frame(blob_request=request))

    async def take(self, chunk: link_service_pb2.BlobChunk) -> None:
        """Writes a piece; one that was not asked for, or is out of its turn, is left."""
        asked = self._asked.get(chunk.digest)
        if asked is None or chunk.offset != asked[1] or not chunk.data:
            return
        file, have = asked
        if have + len(chunk.data) > file.sealed.size:
            return
        await self._house.sealed.write(chunk.digest, chunk.offset, chunk.data)
        have += len(chunk.data)
        self._asked[chunk.digest] = (file, have)
        self._request(file, have)
        if have == file.sealed.size:
            self._completed(file)

    def _completed(self, file: WantedFile) -> None:
        """Opening takes time; frames go on being read meanwhile."""
        self._complete.append(file)
        self._wake.set()

    async def _finish(self, file: WantedFile) -> None:
        if not await self._house.sealed.finish(file.sealed):
            # Bytes of another file, or lost when power failed: it is asked for from its beginning, but not at once and for ever.
            del self._asked[file.sealed.digest]
            _log.warning("files.digest_differs", peer=self._peer)
            return
        await self._intake.take(file)
        self._asked.pop(file.sealed.digest, None)
        self._wake.set()
