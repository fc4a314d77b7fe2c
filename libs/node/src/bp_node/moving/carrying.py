"""Rows and files to the other place: what is there and the same stays, what differs is sent. Repeating it sends what changed since."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from bluepacific.moving.v1 import move_service_pb2 as pb2
from bp_kit.moving import files
from bp_kit.moving.rows import CarriedTable, Range, framed
from bp_node.failure import CommandError
from bp_node.moving.calling import asked, unary, upload
from bp_node.moving.here import Here

# Enough to fill a link whose every answer takes a second.
_AT_ONCE = 8
_PIECE_BYTES = 256 * 1024
_FILES_AT_ONCE = 1000


@dataclass
class Carried:
    """What was sent.

    Attributes:
        rows: Of all tables.
        rows_sent: Those that differed.
        files: Of all folders.
        files_sent: Those that were not there.
    """

    rows: int = 0
    rows_sent: int = 0
    files: int = 0
    files_sent: int = 0


@dataclass(frozen=True)
class Errand:
    """What is carried for which move.

    Attributes:
        here: This side.
        move_id: Which move.
        patience: Seconds in which a cut is waited out.
    """

    here: Here
    move_id: str
    patience: float

    async def ask(self, method: Any, request: Any) -> Any:
        """Returns the other place's answer.

        Raises:
            CommandError: It cannot be reached, or refuses.
        """
        return await asked(unary(method, request), patience=self.patience)

    async def upload(self, method: Any, requests: Any) -> None:
        """Has the other place take what is sent.

        Raises:
            CommandError: As above.
        """
        await asked(upload(method, requests), patience=self.patience)


async def carry(errand: Errand) -> Carried:
    """Makes the other place hold what is here.

    Raises:
        CommandError: The other place cannot be reached, or refuses.
    """
    done, here = Carried(), errand.here
    for table in here.ground.carried().values():
        await _carry_table(errand, table, done)
        here.say("", event="table", table=table.table.name, rows=done.rows, sent=done.rows_sent)
    await _carry_blobs(errand, done)
    for folder in here.ground.folders:
        await _carry_folder(errand, folder, done)
    return done


async def _carry_table(errand: Errand, table: CarriedTable, done: Carried) -> None:
    seen = errand.here.seen
    async with errand.here.moment() as session:
        ranges = [one async for one in table.ranges(session, lambda row: seen.update(files.digests_in(row)))]
        done.rows += sum(one.count for one in ranges)
        # All are compared before any is put: a value that may be there once only must be gone from its old row.
        differing = []
        for some in _some(ranges):
            same = await asyncio.gather(*(_compared(errand, table, one) for one in some))
            differing += [one for one, is_same in zip(some, same, strict=True) if not is_same]
        for some in _some(differing):
            held = [(one, [row async for row in table.rows(session, one.after, one.up_to)]) for one in some]
            await asyncio.gather(*(_put(errand, table, one, rows) for one, rows in held))
            done.rows_sent += sum(len(rows) for _, rows in held)


def _some(ranges: list[Range]) -> Iterator[list[Range]]:
    for at in range(0, len(ranges), _AT_ONCE):
        yield ranges[at : at + _AT_ONCE]


def _named(table: CarriedTable, one: Range) -> pb2.RowRange:
    return pb2.RowRange(table=table.table.name, after=one.after, up_to=one.up_to)


async def _compared(errand: Errand, table: CarriedTable, one: Range) -> bool:
    request = pb2.CompareRowsRequest(move_id=errand.move_id, range=_named(table, one), digest=one.digest)
    return bool((await errand.ask(errand.here.there.CompareRows, request)).same)


async def _put(errand: Errand, table: CarriedTable, one: Range, rows: list[bytes]) -> None:
    if not rows:
        return
    content = framed(rows)

    async def requests() -> AsyncIterator[pb2.PutRowsRequest]:
        yield pb2.PutRowsRequest(move_id=errand.move_id, range=_named(table, one), digest=one.digest)
        for at in range(0, len(content), _PIECE_BYTES):
            yield pb2.PutRowsRequest(piece=content[at : at + _PIECE_BYTES])

    await errand.upload(errand.here.there.PutRows, requests)


async def _carry_blobs(errand: Errand, done: Carried) -> None:
    """Of what rows name only some are files, and of these the other place may have all: a bucket is often shared."""
    blobs = errand.here.ground.blobs
    held = [digest for digest in sorted(errand.here.seen) if await blobs.has(digest)]
    done.files += len(held)
    for at in range(0, len(held), _FILES_AT_ONCE):
        some = [pb2.MovedFile(name=digest, digest=bytes.fromhex(digest)) for digest in held[at : at + _FILES_AT_ONCE]]
        done.files_sent += await _send_wanted(errand, pb2.FOLDER_BLOBS, some, blobs.open)


async def _carry_folder(errand: Errand, folder: pb2.Folder.ValueType, done: Carried) -> None:
    place = errand.here.ground.folders[folder]
    held = await asyncio.to_thread(files.listed, place)
    named = [pb2.MovedFile(name=name, digest=digest) for name, digest in held.items()]
    done.files += len(named)
    done.files_sent += await _send_wanted(errand, folder, named, lambda name: files.pieces_of(place / name))


async def _send_wanted(
    errand: Errand,
    folder: pb2.Folder.ValueType,
    named: list[pb2.MovedFile],
    opened: Callable[[str], AsyncIterator[bytes]],
) -> int:
    """Sends the files that are not at the other place, and returns how many."""
    there = errand.here.there
    request = pb2.CompareFilesRequest(move_id=errand.move_id, folder=folder, files=named)
    wanted = set((await errand.ask(there.CompareFiles, request)).wanted)
    for moved in named:
        if moved.name in wanted:
            await errand.upload(there.PutFile, partial(_pieces, errand.move_id, folder, moved, opened))
    return len(wanted)


async def _pieces(
    move_id: str, folder: pb2.Folder.ValueType, moved: pb2.MovedFile, opened: Callable[[str], AsyncIterator[bytes]]
) -> AsyncIterator[pb2.PutFileRequest]:
    yield pb2.PutFileRequest(move_id=move_id, folder=folder, file=moved)
    async for piece in opened(moved.name):
        yield pb2.PutFileRequest(piece=piece)


async def verify(errand: Errand) -> dict[str, int]:
    """Counts and digests every table at both places; to be called when nothing changes here any more.

    Returns:
        Rows by table.

    Raises:
        CommandError: They differ, or the other place cannot be reached.
    """
    found = {}
    for name, table in errand.here.ground.carried().items():
        request = pb2.DigestTableRequest(move_id=errand.move_id, table=name)
        theirs, ours = await asyncio.gather(
            errand.ask(errand.here.there.DigestTable, request), _digested(errand.here, table)
        )
        if (theirs.row_count, theirs.digest) != ours:
            raise CommandError(f"{name} differs at the other place: {theirs.row_count} rows there, {ours[0]} here")
        found[name] = ours[0]
    return found


async def _digested(here: Here, table: CarriedTable) -> tuple[int, bytes]:
    async with here.ground.database.read() as session:
        return await table.digest(session)
