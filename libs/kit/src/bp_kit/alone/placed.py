"""A service that may stand at another place: what a process does while it does not stand here, and how it learns of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
from grpc_status import rpc_status
from sqlalchemy import Table
from sqlalchemy.exc import SQLAlchemyError

from bluepacific.moving.v1 import move_service_pb2_grpc
from bp_kit.alone.following import ELSEWHERE
from bp_kit.alone.settings import PodSettings
from bp_kit.alone.siblings import only_for
from bp_kit.alone.trouble import CannotStartError
from bp_kit.database import Database
from bp_kit.errors import Refused
from bp_kit.logs import get_logger
from bp_kit.moving.files import folders_of
from bp_kit.moving.freezing import thaw
from bp_kit.moving.place import Part, Standing, State, begin_waiting, enter, make_placement, read_standing
from bp_kit.moving.receiving import Ground, MoveServicer
from bp_kit.ports import Seams, system_clock
from bp_kit.rpc.registry import handlers_of
from bp_kit.rpc.status import status_of
from bp_kit.service import Service

_LOOK_SECONDS = 1.0
_log = get_logger("bp_kit.alone")


def ground_of(package: str, pod: PodSettings, settings: Any, seams: Seams) -> Ground:
    """Returns what is here for a service.

    Args:
        package: The service's: `bp_training`.
        pod: What the process is told of its node.
        settings: The service's.
        seams: For the node's files.
    """
    metadata = import_module(f"{package}.adapters.tables").Base.metadata
    database = Database(settings.database_url, foreign_keys=False)
    home = Path(settings.database_url.partition(":///")[2]).parent if database.is_sqlite else pod.blobs_dir
    return Ground(database, metadata, folders_of(settings), seams.blobs, home)


def moving_handlers(service: str, ground: Ground, seams: Seams) -> dict[str, Any]:
    """Returns the handlers that take the service in, for nobody but the service itself at its other place."""
    servicers = [(move_service_pb2_grpc.add_MoveServiceServicer_to_server, MoveServicer(ground))]
    moving = Service("moving", service, ground.database, servicers)
    return only_for(handlers_of(moving, seams, from_node=True), frozenset((service,)))


class Elsewhere(grpc.GenericRpcHandler):
    """Answers every call by sending its caller to the other place."""

    def service(self, _details: Any) -> Any:
        """Returns the one answer."""
        return grpc.stream_stream_rpc_method_handler(_send_away)


async def _send_away(_requests: Any, context: Any) -> AsyncIterator[bytes]:
    status = rpc_status.to_status(status_of(Refused(ELSEWHERE), "en", ""))
    # The other place is asked at once; asking here again would only take time.
    context.set_trailing_metadata((*status.trailing_metadata, ("grpc-retry-pushback-ms", "-1")))
    await context.abort(status.code, status.details)
    yield b""  # never: it makes this a stream


class Watch:
    """Keeps an eye on what the database says of its place.

    Args:
        database: The service's.
        tables: Of its schema, which a mover may have left frozen.
    """

    def __init__(self, database: Database, tables: Iterable[Table]) -> None:
        self._database = database
        self._tables = list(tables)
        self.part = Part.WORKS
        self._changed = asyncio.Event()

    async def begin(self, *, awaits: bool) -> None:
        """Looks for the first time.

        Raises:
            CannotStartError: The database cannot tell.
        """
        try:
            await make_placement(self._database)
            if awaits:
                async with self._database.write() as session:
                    await begin_waiting(session)
            self.part = (await self._look()).part
        except (SQLAlchemyError, OSError) as error:
            raise CannotStartError(f"the database cannot say whether the service stands here: {error}") from error

    async def changed(self) -> None:
        """Returns when the process has something else to do than before."""
        await self._changed.wait()
        self._changed.clear()

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        """Looks again and again within the block."""
        task = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            task.cancel()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                standing = await self._look()
                if standing.is_left_alone(system_clock()):
                    standing = await self._open_again(standing)
            except (SQLAlchemyError, OSError):
                # Health tells of a database that does not answer.
                continue
            if standing.part is not self.part:
                _log.info("place.changed", part=standing.part.name.lower())
                self.part = standing.part
                self._changed.set()

    async def _look(self) -> Standing:
        async with self._database.read() as session:
            return await read_standing(session)

    async def _open_again(self, standing: Standing) -> Standing:
        """The mover has gone: the service goes on where it is."""
        async with self._database.write() as session:
            left = await read_standing(session)
            if left.is_left_alone(system_clock()):
                await thaw(session, self._tables)
                await enter(session, State.STATE_ACTIVE, "", after=(left.state,))
                _log.warning("place.left_by_mover", move=standing.move_id)
        return await self._look()
