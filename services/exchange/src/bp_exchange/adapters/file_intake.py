"""What becomes of an announced file once its ciphertext is whole here: opened into the node's own files, or kept for others at a relay."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bp_exchange.adapters.files import SqlFiles
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.filecipher import decrypt
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_exchange.usecases import bells
from bp_exchange.usecases.records import WantedFile
from bp_kit.errors import Refused
from bp_kit.logs import get_logger

_log = get_logger("bp_exchange.files")


class FileIntake:
    """Files that were announced by a peer.

    Args:
        house: The exchange.
        peer: Who has them.
    """

    def __init__(self, house: House, peer: str) -> None:
        self._house = house
        self._peer = peer

    @unbroken
    async def wanted(self, limit: int) -> list[WantedFile]:
        """Returns what is waited for, the most urgent first."""
        async with self._house.database.read() as session:
            return await SqlFiles(session, self._house.seams.clock).wanted(self._peer, limit)

    @unbroken
    async def find(self, digest: str) -> WantedFile | None:
        """Returns one that is waited for, by its ciphertext."""
        async with self._house.database.read() as session:
            return await SqlFiles(session, self._house.seams.clock).find_wanted(self._peer, digest)

    async def is_here(self, file: WantedFile) -> bool:
        """Tells whether the node has the file already, from elsewhere."""
        return bool(file.plain_digest) and not self._relays and await self._house.seams.blobs.has(file.plain_digest)

    async def take(self, file: WantedFile) -> None:
        """Takes a file whose ciphertext is whole: opens it, or sets it aside when it is not what was announced."""
        try:
            if file.key:
                await self._open(file)
        except RefusedItemError as refused:
            await self._give_up(file, refused.ground)
        except Refused:
            await self._give_up(file, Ground.TOO_LARGE)
        else:
            await self.got(file, kept=self._relays)

    @unbroken
    async def got(self, file: WantedFile, *, kept: bool) -> None:
        """Waits for a file no longer.

        Args:
            file: Which.
            kept: Its ciphertext stays, for others.
        """
        async with self._house.database.write() as session:
            files = SqlFiles(session, self._house.seams.clock)
            await files.got(file.sealed.digest, file.key)
            if kept:
                await files.add_sealed([file.sealed])
                self._house.bells.ring_after(session, [bells.FILES])
        if not kept:
            await self._house.sealed.remove(file.sealed.digest)

    @property
    def _relays(self) -> bool:
        return self._house.register.directory.nodes[self._house.keys.node_id].centre

    async def _open(self, file: WantedFile) -> None:
        assert file.key
        plain: AsyncIterator[bytes] = decrypt(self._house.sealed.open(file.sealed.digest), file.key)
        stored = await self._house.seams.blobs.put(plain, limit=file.plain_size)
        if stored.digest != file.plain_digest:
            raise RefusedItemError(Ground.DIGEST_DIFFERS)

    @unbroken
    async def _give_up(self, file: WantedFile, ground: Ground) -> None:
        _log.warning("files.set_aside", peer=self._peer, ground=ground)
        async with self._house.database.write() as session:
            await SqlFiles(session, self._house.seams.clock).give_up(file.sealed.digest, ground)
        await self._house.sealed.remove(file.sealed.digest)
