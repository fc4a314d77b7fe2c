"""The place that gets a service: it answers `MoveService` for the other place's mover."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.moving.v1 import move_service_pb2 as pb2
from bluepacific.moving.v1 import move_service_pb2_grpc as pb2_grpc
from bluepacific.moving.v1.place_pb2 import Place
from bp_kit.blobs import BlobStore
from bp_kit.database import Database, current_session
from bp_kit.errors import Refused
from bp_kit.moving import constraints, files
from bp_kit.moving.freezing import thaw
from bp_kit.moving.place import Part, State, enter, read_standing
from bp_kit.moving.rows import CarriedTable, digest_of, unframed

# No file of a node is larger.
_MOST_BYTES = 1 << 34
_MAY_RECEIVE = (State.STATE_WAITING, State.STATE_AWAY, State.STATE_RECEIVING)


def release() -> str:
    """Returns the release of the software."""
    return version("bluepacific-kit")


async def revision_in(session: AsyncSession) -> str:
    """Returns the revision of a database's schema."""
    return str(await session.scalar(text("SELECT version_num FROM alembic_version")) or "")


@dataclass(frozen=True)
class Ground:
    """What a place has for a service.

    Attributes:
        database: The service's; it must not look at foreign keys while rows come in.
        metadata: Of its tables.
        folders: Its own.
        blobs: The node's files by content.
        home: Where free space is counted.
    """

    database: Database
    metadata: MetaData
    folders: dict[pb2.Folder.ValueType, Path]
    blobs: BlobStore
    home: Path

    def carried(self) -> dict[str, CarriedTable]:
        """Returns its tables by name, those first that others refer to."""
        dialect = "sqlite" if self.database.is_sqlite else "postgresql"
        return {table.name: CarriedTable(table, dialect) for table in self.metadata.sorted_tables}


class MoveServicer(pb2_grpc.MoveServiceServicer):
    """Takes a service in.

    Args:
        ground: What is here.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._tables = ground.carried()

    async def GetPlace(self, _request: pb2.GetPlaceRequest, _context: Any) -> Place:
        """Tells what this place is."""
        return await self._place()

    async def MeasureWay(self, _request: pb2.MeasureWayRequest, _context: Any) -> empty_pb2.Empty:
        """Answers."""
        return empty_pb2.Empty()

    async def BeginMove(self, request: pb2.BeginMoveRequest, _context: Any) -> Place:
        """Lets the move come."""
        session = current_session()
        here = await revision_in(session)
        if (request.release, request.revision) != (release(), here):
            theirs = f"{request.release}, schema {request.revision}"
            raise Refused("MOVE_REFUSED", description=f"{release()}, schema {here}, is here, and {theirs}, there")
        if not await enter(session, State.STATE_RECEIVING, request.move_id, after=_MAY_RECEIVE):
            raise Refused("MOVE_REFUSED", description="it stands here")
        await thaw(session, self._ground.metadata.sorted_tables)
        await constraints.take_off(session)
        return await self._place()

    async def CompareRows(self, request: pb2.CompareRowsRequest, _context: Any) -> pb2.CompareRowsResponse:
        """Forgets rows that differ."""
        session, table = await self._receiving(request.move_id), self._table(request.range.table)
        bounds = (request.range.after, request.range.up_to)
        with _told("range"):
            _, digest = await table.digest(session, *bounds)
            if digest == request.digest:
                return pb2.CompareRowsResponse(same=True)
            await table.forget(session, *bounds)
        return pb2.CompareRowsResponse(same=False)

    async def PutRows(self, requests: AsyncIterator[pb2.PutRowsRequest], _context: Any) -> empty_pb2.Empty:
        """Puts rows, all of them or none."""
        first = await anext(requests, pb2.PutRowsRequest())
        pieces = [first.piece, *[request.piece async for request in requests]]
        table, bounds = self._table(first.range.table), (first.range.after, first.range.up_to)
        with _told("piece"):
            rows = unframed(b"".join(pieces))
            if digest_of(rows) != first.digest:
                raise ValueError("the rows are not those that the digest is of")
            async with self._ground.database.write() as session:
                await self._check(session, first.move_id)
                await table.forget(session, *bounds)
                await table.put(session, rows)
        return empty_pb2.Empty()

    async def CompareFiles(self, request: pb2.CompareFilesRequest, _context: Any) -> pb2.CompareFilesResponse:
        """Tells what is not here."""
        await self._receiving(request.move_id)
        if request.folder == pb2.FOLDER_BLOBS:
            wanted = [one.name for one in request.files if not await self._ground.blobs.has(one.digest.hex())]
            return pb2.CompareFilesResponse(wanted=wanted)
        folder = self._folder(request.folder)
        files.forget_others(folder, {one.name for one in request.files})
        here = files.listed(folder)
        return pb2.CompareFilesResponse(wanted=[one.name for one in request.files if here.get(one.name) != one.digest])

    async def PutFile(self, requests: AsyncIterator[pb2.PutFileRequest], _context: Any) -> empty_pb2.Empty:
        """Puts a file, whole or not at all."""
        first = await anext(requests, pb2.PutFileRequest())
        if not first.file.name:
            raise Refused("INVALID_FIELD", field="file", description="the first message names the file")
        async with self._ground.database.read() as session:
            await self._check(session, first.move_id)

        async def pieces() -> AsyncIterator[bytes]:
            yield first.piece
            async for request in requests:
                yield request.piece

        if first.folder == pb2.FOLDER_BLOBS:
            whole = (await self._ground.blobs.put(pieces(), limit=_MOST_BYTES)).digest == first.file.digest.hex()
        else:
            whole = await files.keep(self._folder(first.folder), first.file.name, first.file.digest, pieces())
        if not whole:
            raise Refused("INVALID_FIELD", field="piece", description="the content is not what the digest is of")
        return empty_pb2.Empty()

    async def DigestTable(self, request: pb2.DigestTableRequest, _context: Any) -> pb2.TableDigest:
        """Counts and digests."""
        session = await self._receiving(request.move_id)
        count, digest = await self._table(request.table).digest(session)
        return pb2.TableDigest(row_count=count, digest=digest)

    async def TakeOver(self, request: pb2.TakeOverRequest, _context: Any) -> Place:
        """Has the service stand here; again and again, if asked."""
        session = current_session()
        standing = await read_standing(session)
        if (standing.state, standing.move_id) == (State.STATE_ACTIVE, request.move_id):
            return await self._place()
        await self._receiving(request.move_id)
        tables = self._ground.metadata.sorted_tables
        try:
            wrong = await constraints.put_back(session)
        except DBAPIError as error:
            raise Refused("MOVE_REFUSED", description="rows lack rows that they need") from error
        if wrong:
            raise Refused("MOVE_REFUSED", description=wrong)
        await constraints.set_counters(session, tables, {one.table: one.value for one in request.counters})
        await enter(session, State.STATE_ACTIVE, request.move_id, after=(State.STATE_RECEIVING,))
        return await self._place()

    async def AbandonMove(self, _request: pb2.AbandonMoveRequest, _context: Any) -> Place:
        """Waits again."""
        session = current_session()
        if (await read_standing(session)).part is not Part.WAITS:
            raise Refused("MOVE_REFUSED", description="it stands here")
        await enter(session, State.STATE_WAITING, "", after=(State.STATE_RECEIVING,))
        return await self._place()

    async def _place(self) -> Place:
        session = current_session()
        standing = await read_standing(session)
        return Place(
            state=standing.state,
            move_id=standing.move_id,
            release=release(),
            revision=await revision_in(session),
            free_bytes=shutil.disk_usage(self._ground.home).free,
        )

    async def _receiving(self, move_id: str) -> AsyncSession:
        session = current_session()
        await self._check(session, move_id)
        return session

    async def _check(self, session: AsyncSession, move_id: str) -> None:
        standing = await read_standing(session)
        if (standing.state, standing.move_id) != (State.STATE_RECEIVING, move_id):
            raise Refused("MOVE_REFUSED", description="this place does not wait for this move")

    def _table(self, name: str) -> CarriedTable:
        if name not in self._tables:
            raise Refused("MOVE_REFUSED", description=f"there is no table {name}")
        return self._tables[name]

    def _folder(self, folder: pb2.Folder.ValueType) -> Path:
        if folder not in self._ground.folders:
            raise Refused("MOVE_REFUSED", description="the service has no such folder here")
        return self._ground.folders[folder]


@contextmanager
def _told(field: str) -> Iterator[None]:
    """Turns what cannot be read into a refusal of a field."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("INVALID_FIELD", field=field, description=str(error)) from error
