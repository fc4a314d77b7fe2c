"""Ciphertexts of files: which there are and which are wanted, in the database; their bytes, on disk.

A ciphertext is written to `<digest>.part` as it arrives, synced, and renamed when its digest is right: a name that exists is whole, and
what arrived before a cut is not asked for again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.tables import AskedFilesRow, SealedFileRow, WantedFileRow
from bp_exchange.adapters.writing import add_new
from bp_exchange.protocol.filecipher import CHUNK_BYTES, encrypt, sealed_size
from bp_exchange.protocol.names import is_digest
from bp_exchange.usecases.drafting import FileKey
from bp_exchange.usecases.records import SealedFile, WantedFile
from bp_kit.blobs import BlobStore
from bp_kit.disk import make_folder, sync_folder
from bp_kit.ports import Clock


class SqlFiles:
    """Which ciphertexts there are, within a transaction.

    Args:
        session: The transaction.
        clock: The time now.
    """

    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def add_sealed(self, files: Sequence[SealedFile]) -> None:
        """Adds ciphertexts that are whole and may be given to peers."""
        now = self._clock()
        await add_new(self._session, SealedFileRow, [{**asdict(file), "accept_time": now} for file in files])

    async def find_sealed(self, digest: str) -> SealedFile | None:
        """Returns a ciphertext that is whole here."""
        row = await self._session.get(SealedFileRow, digest)
        return SealedFile(row.digest, row.size) if row else None

    async def old(self, before: datetime) -> list[SealedFile]:
        """Returns ciphertexts from before a moment."""
        rows = await self._session.scalars(select(SealedFileRow).where(SealedFileRow.accept_time < before))
        return [SealedFile(row.digest, row.size) for row in rows]

    async def forget(self, digest: str) -> None:
        """Forgets a ciphertext."""
        await self._session.execute(delete(SealedFileRow).where(SealedFileRow.digest == digest))

    async def want(self, files: Sequence[WantedFile]) -> None:
        """Asks for files that were announced; of one that is asked for already, the key may come later."""
        rows = [
            {
                **asdict(file.sealed),
                "peer": file.peer,
                "urgency": file.urgency,
                "key": file.key,
                "plain_digest": file.plain_digest,
                "plain_size": file.plain_size,
                "set_aside": "",
            }
            for file in files
        ]
        await add_new(self._session, WantedFileRow, rows)
        for file in files:
            if file.key:
                await self._session.execute(
                    update(WantedFileRow)
                    .where(WantedFileRow.digest == file.sealed.digest, WantedFileRow.key.is_(None))
                    .values(key=file.key, plain_digest=file.plain_digest, plain_size=file.plain_size)
                )

    async def wanted(self, peer: str, limit: int) -> list[WantedFile]:
        """Returns what is waited for from a peer, the most urgent first, then the oldest."""
        rows = await self._session.scalars(
            select(WantedFileRow)
            .where(WantedFileRow.peer == peer, WantedFileRow.set_aside == "")
            .order_by(WantedFileRow.urgency, WantedFileRow.position)
            .limit(limit)
        )
        return [_wanted(row) for row in rows]

    async def find_wanted(self, peer: str, digest: str) -> WantedFile | None:
        """Returns one that is waited for from a peer."""
        row = await self._session.scalar(
            select(WantedFileRow).where(
                WantedFileRow.peer == peer, WantedFileRow.digest == digest, WantedFileRow.set_aside == ""
            )
        )
        return _wanted(row) if row else None

    async def ask(self, peer: str, digests: Sequence[str], ask_time: datetime) -> None:
        """Keeps what a peer waits for by its newest medium; an older one, which came late, changes nothing."""
        row = await self._session.get(AskedFilesRow, peer)
        if row is None:
            self._session.add(AskedFilesRow(peer=peer, digests=list(digests), ask_time=ask_time))
        elif row.ask_time <= ask_time:
            row.digests, row.ask_time = list(digests), ask_time

    async def asked(self, peer: str) -> list[str]:
        """Returns the ciphertexts that a peer waits for by its newest medium."""
        row = await self._session.get(AskedFilesRow, peer)
        return list(row.digests) if row else []

    async def got(self, digest: str, key: bytes | None) -> None:
        """Waits for a file no longer; it still does where its key came while it was taken without."""
        is_taken = or_(WantedFileRow.key.is_(None), WantedFileRow.key == key)
        await self._session.execute(delete(WantedFileRow).where(WantedFileRow.digest == digest, is_taken))

    async def give_up(self, digest: str, ground: str) -> None:
        """Sets a file aside that is not what was announced."""
        await self._session.execute(
            update(WantedFileRow).where(WantedFileRow.digest == digest).values(set_aside=ground)
        )


def _wanted(row: WantedFileRow) -> WantedFile:
    return WantedFile(
        sealed=SealedFile(row.digest, row.size),
        peer=row.peer,
        urgency=row.urgency,
        key=row.key,
        plain_digest=row.plain_digest,
        plain_size=row.plain_size,
    )


class SealedStore:
    """The bytes of ciphertexts, apart from the node's plain files, so that no peer can ever ask for one of those.

    Args:
        folder: Made when missing; only this process's user can read it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        make_folder(folder)

    def imported(self) -> SealedStore:
        """Returns the store in which ciphertexts from a medium grow: apart, because a link may be fetching the same ones."""
        return SealedStore(self._folder / "imported")

    async def adopt(self, other: SealedStore, digest: str) -> None:
        """Takes over a ciphertext that is whole in another store of the same disk."""
        await asyncio.to_thread(self._publish, other.path(digest), digest)

    def path(self, digest: str) -> Path:
        """Returns where a ciphertext is, or would be.

        Raises:
            ValueError: It is not a digest.
        """
        if not is_digest(digest):
            raise ValueError("a digest is 64 lower-case hexadecimal digits")
        return self._folder / digest

    async def seal(self, blobs: BlobStore, digest: str, size: int, key: bytes) -> FileKey:
        """Encrypts a file of this node for its journey."""
        unfinished = self._folder / f"{os.urandom(16).hex()}.sealing"
        hasher, written = hashlib.sha256(), 0
        try:
            with unfinished.open("xb") as file:
                unfinished.chmod(0o600)
                async for chunk in encrypt(blobs.open(digest), key):
                    hasher.update(chunk)
                    written += len(chunk)
                    await asyncio.to_thread(file.write, chunk)
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            if written != sealed_size(size):
                raise ValueError("the file has another size than was said")
            await asyncio.to_thread(self._publish, unfinished, hasher.hexdigest())
        finally:
            with contextlib.suppress(FileNotFoundError):
                unfinished.unlink()
        return FileKey(SealedFile(hasher.hexdigest(), written), key)

    async def have(self, digest: str) -> int:
        """Returns how much of a ciphertext that arrives is on disk."""
        part = self._part(digest)
        return await asyncio.to_thread(lambda: part.stat().st_size if part.exists() else 0)

    async def write(self, digest: str, offset: int, data: bytes) -> None:
        """Adds a piece to a ciphertext that arrives."""
        await asyncio.to_thread(self._write, digest, offset, data)

    def _write(self, digest: str, offset: int, data: bytes) -> None:
        descriptor = os.open(self._part(digest), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            while data:
                # A disk that fills up takes a part.
                taken = os.pwrite(descriptor, data, offset)
                data, offset = data[taken:], offset + taken
        finally:
            os.close(descriptor)

    async def finish(self, sealed: SealedFile) -> bool:
        """Ends a ciphertext's arrival; False, and nothing is kept, when its bytes are not those of its digest."""
        return await asyncio.to_thread(self._finish, sealed)

    def _finish(self, sealed: SealedFile) -> bool:
        part = self._part(sealed.digest)
        if not part.exists():
            # An empty one never had a piece; it cannot have the digest either unless it is known already.
            return self.path(sealed.digest).exists()
        with part.open("rb") as file:
            right = hashlib.file_digest(file, "sha256").hexdigest() == sealed.digest
            os.fsync(file.fileno())
        if not right:
            part.unlink()
            return False
        self._publish(part, sealed.digest)
        return True

    async def read(self, digest: str, offset: int, size: int) -> bytes:
        """Returns at most that much of a ciphertext from an offset on.

        Raises:
            FileNotFoundError: It is not whole here.
        """
        return await asyncio.to_thread(self._read, digest, offset, size)

    def _read(self, digest: str, offset: int, size: int) -> bytes:
        with self.path(digest).open("rb") as file:
            file.seek(offset)
            return file.read(size)

    async def open(self, digest: str) -> AsyncIterator[bytes]:
        """Yields a ciphertext in pieces."""
        offset = 0
        while piece := await self.read(digest, offset, CHUNK_BYTES):
            offset += len(piece)
            yield piece

    async def remove(self, digest: str) -> None:
        """Deletes a ciphertext's bytes."""
        await asyncio.to_thread(self.path(digest).unlink, missing_ok=True)

    async def drop_leftovers(self, before: datetime) -> int:
        """Deletes what arrived in part, over a link or by a medium, or was half made, and nobody has written to since; returns how many."""
        return await asyncio.to_thread(self._drop_leftovers, before.timestamp())

    def _drop_leftovers(self, before: float) -> int:
        left = [one for one in self._folder.rglob("*") if one.suffix in (".part", ".sealing")]
        old = [one for one in left if one.stat().st_mtime < before]
        for one in old:
            one.unlink(missing_ok=True)
        return len(old)

    def _part(self, digest: str) -> Path:
        return self.path(digest).with_suffix(".part")

    def _publish(self, file: Path, digest: str) -> None:
        file.replace(self.path(digest))
        sync_folder(self._folder)
