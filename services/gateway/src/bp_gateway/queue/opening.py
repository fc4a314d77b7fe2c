"""Opens the queue of a gateway that has a folder for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from sqlalchemy.exc import SQLAlchemyError

from bluepacific.queue.v1 import queued_call_service_pb2_grpc
from bp_gateway.calls import Channels
from bp_gateway.queue.intake import Intake
from bp_gateway.queue.keys import KeptKeys
from bp_gateway.queue.letters import LetterBox
from bp_gateway.queue.sending import Sender
from bp_gateway.queue.servicer import QueuedCallServicer
from bp_gateway.queue.store import Limits, Store
from bp_gateway.settings import GatewaySettings
from bp_kit.alone.trouble import CannotStartError
from bp_kit.blobs import BlobStore
from bp_kit.database import Database
from bp_kit.disk import make_folder
from bp_kit.logs import described, get_logger
from bp_kit.measures import WAITING_AGE, WAITING_CALLS, Reading, age_of
from bp_kit.ports import Seams, new_id, system_clock
from bp_kit.rounds import come_round
from bp_kit.rpc.inprocess import InProcessChannel
from bp_kit.rpc.registry import handlers_of
from bp_kit.sealing import Sealer
from bp_kit.service import Service
from bp_kit.tokens import TokenVerifier

_IDENTITY = "bluepacific.identity.v1"
_LOOK_AT_KEYS = timedelta(minutes=1)
_log = get_logger("bp_gateway")
_FILE, _KEYS = "queue.sqlite", "keys.json"


@dataclass(frozen=True)
class Queue:
    """A gateway's queue.

    Attributes:
        intake: Takes calls.
        channel: To the queue's own service.
        read: Measures it.
    """

    intake: Intake
    channel: InProcessChannel
    read: Callable[[], Any]


@asynccontextmanager
async def open_queue(
    folder: Path,
    key: bytes,
    country: str,
    settings: GatewaySettings,
    channels: Channels,
    *,
    broken: Callable[[], None] = lambda: None,
) -> AsyncIterator[Queue]:
    """Keeps calls and makes them within the block.

    Args:
        folder: Of the queue alone.
        key: The node's, 32 bytes.
        country: The node's.
        settings: The gateway's.
        channels: To the node's services.
        broken: Called when what makes the calls has ended, which it never should.

    Raises:
        CannotStartError: The folder or the file in it cannot be used.
    """
    database, keys = await _opened(folder, settings, channels)
    try:
        box, store = LetterBox(key), Store(database, _limits(settings))
        way, seconds = (lambda package: channels(package, None)), settings.deadline_seconds
        sender = Sender(store, box, Sealer(key), way, seconds, system_clock)
        rounds = [
            come_round("gateway.queue", sender.go_round, timedelta(seconds=settings.queue_pause_seconds)),
            come_round("gateway.keys", keys.look, _LOOK_AT_KEYS),
        ]
        running = [asyncio.create_task(one) for one in rounds]
        for task in running:
            task.add_done_callback(lambda ended: _told(ended, broken))
        try:
            yield Queue(
                Intake(store, box, TokenVerifier(keys), system_clock, new_id),
                _own_channel(database, keys, box, key, country, folder),
                lambda: _readings(store),
            )
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
    finally:
        await database.aclose()


async def _opened(folder: Path, settings: GatewaySettings, channels: Channels) -> tuple[Database, KeptKeys]:
    try:
        make_folder(folder)
        keys = KeptKeys(settings.public_url, folder / _KEYS, lambda: channels(_IDENTITY, None))
        database = Database(f"sqlite+aiosqlite:///{folder / _FILE}", secure_delete=True)
        await Store(database, _limits(settings)).prepare()
    except (OSError, ValueError, JoseError, SQLAlchemyError) as error:
        raise CannotStartError(f"BP_GATEWAY__QUEUE_DIR: {folder} cannot be used: {type(error).__name__}") from error
    return database, keys


def _told(ended: asyncio.Task[None], broken: Callable[[], None]) -> None:
    if not ended.cancelled() and (error := ended.exception()):
        _log.error("pod.worker_failed", worker="queue", **described(error))
        broken()


def _limits(settings: GatewaySettings) -> Limits:
    return Limits(settings.queue_calls, settings.queue_calls_each, settings.queue_bytes)


def _own_channel(  # noqa: PLR0917 - parts of one thing
    database: Database, keys: KeptKeys, box: LetterBox, key: bytes, country: str, folder: Path
) -> InProcessChannel:
    def nowhere(service: str) -> Any:
        raise LookupError(service)

    sealer = Sealer(key)
    seams = Seams(country=country, blobs=BlobStore(folder), channel=nowhere, keys=keys, sealer=sealer)
    servicer = QueuedCallServicer(box, sealer)
    add = queued_call_service_pb2_grpc.add_QueuedCallServiceServicer_to_server
    service = Service("gateway", "bp_gateway", database, [(add, servicer)])
    return InProcessChannel(handlers_of(service, seams, from_node=False))


async def _readings(store: Store) -> Sequence[Reading]:
    calls, since = await store.standing()
    return [Reading(WAITING_CALLS, calls), Reading(WAITING_AGE, age_of(since, datetime.now(UTC)))]
