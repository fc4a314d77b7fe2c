"""Serving one service: its calls on two ports, its workers, its health; and an end that lets calls in progress finish.

People's calls come through the gateway on one port, with tokens; the node's other services call on another, which their certificates
open. Both are mutual TLS. Told to stop, the process says that it is not ready, takes no new calls, gives those in progress their time,
then ends its workers and closes its database.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from sqlalchemy.exc import SQLAlchemyError

from bp_kit import measures
from bp_kit.alone.certificates import read_certificates
from bp_kit.alone.files import blobs_of
from bp_kit.alone.health import Health
from bp_kit.alone.learning import learning
from bp_kit.alone.placed import Elsewhere, Watch, ground_of, moving_handlers
from bp_kit.alone.process import page_token_key
from bp_kit.alone.settings import PodSettings
from bp_kit.alone.siblings import Siblings, only_for
from bp_kit.alone.trouble import CannotStartError, why_unanswered
from bp_kit.database import Database
from bp_kit.issuer import RemoteIssuer
from bp_kit.keys import RemoteKeys
from bp_kit.logs import described, get_logger
from bp_kit.moving.place import Part
from bp_kit.moving.receiving import Ground
from bp_kit.ports import Seams
from bp_kit.rpc.registry import handlers_of
from bp_kit.rpc.server import start_server
from bp_kit.sealing import Sealer
from bp_kit.service import Service

Build = Callable[[Any, Seams], Service]
_CANCEL_SECONDS = 5.0
_log = get_logger("bp_kit.alone")


async def serve(pod: PodSettings, build: Build, settings: Any, stop: asyncio.Event, *, calls: bool = True) -> None:
    """Runs the service until told to stop.

    Args:
        pod: What the process is told of its node.
        build: The service's `build(settings, seams)`.
        settings: The service's.
        stop: Tells it.
        calls: Serve calls; else only its workers run.

    Raises:
        CannotStartError: A port, a file or the database cannot be had.
        RuntimeError: A worker ended, which none does.
    """
    while not stop.is_set():
        async with contextlib.AsyncExitStack() as stack:
            stand = await _stand(pod, build, settings, stack)
            if stand.watch.part is Part.WAITS:
                await _wait(stand, stop, stack, calls=calls)
            else:
                await _serve_here(stand, build, settings, stop, stack, calls=calls)


@dataclass(frozen=True)
class _Stand:
    """What a process has whether or not the service stands here."""

    name: str
    pod: PodSettings
    seams: Seams
    ground: Ground
    watch: Watch


async def _stand(pod: PodSettings, build: Build, settings: Any, stack: contextlib.AsyncExitStack) -> _Stand:
    package = build.__module__.partition(".")[0]
    name = package.removeprefix("bp_")
    siblings = Siblings(pod.addresses, read_certificates(pod.tls_dir).for_channel(), pod.other_places)
    stack.push_async_callback(siblings.aclose)
    make_parent(settings.database_url)
    keys = RemoteKeys(pod.public_url, RemoteIssuer(lambda: siblings.channel("identity")))
    try:
        seams = Seams(
            country=pod.country,
            blobs=blobs_of(pod),
            channel=siblings.channel,
            keys=keys,
            sealer=Sealer(page_token_key(pod.page_token_file)),
        )
    except OSError as error:
        raise _unusable(error) from error
    ground = ground_of(package, pod, settings, seams)
    stack.push_async_callback(ground.database.aclose)
    await check_database(name, ground.database)
    watch = Watch(ground.database, ground.metadata.sorted_tables)
    await watch.begin(awaits=pod.awaits)
    await stack.enter_async_context(watch.looking())
    await stack.enter_async_context(learning(name, keys))
    return _Stand(name, pod, seams, ground, watch)


async def _wait(stand: _Stand, stop: asyncio.Event, stack: contextlib.AsyncExitStack, *, calls: bool) -> None:
    """Sends callers to the other place, and takes the service in when it comes."""
    health = Health(stand.ground.database.ping)
    await health.start(stand.pod.health_listen)
    stack.push_async_callback(health.stop)
    if calls:
        await stack.enter_async_context(_answering(stand, {}, {}, Elsewhere()))
    await health.ready()
    _log.info("pod.waits", service=stand.name)
    while not stop.is_set() and stand.watch.part is Part.WAITS:
        await _first_of(stop, stand.watch)
    await health.drain()


async def _serve_here(
    stand: _Stand, build: Build, settings: Any, stop: asyncio.Event, stack: contextlib.AsyncExitStack, *, calls: bool
) -> None:
    pod, watch = stand.pod, stand.watch
    service = _built(build, settings, stand.seams)
    stack.push_async_callback(service.aclose)
    health = Health(service.database.ping)
    await health.start(pod.health_listen)
    stack.push_async_callback(health.stop)
    if pod.otlp_endpoint:
        await stack.enter_async_context(_measuring(pod, service))
    if calls:
        people, siblings = (handlers_of(service, stand.seams, from_node=from_node) for from_node in (False, True))
        await stack.enter_async_context(_answering(stand, people, siblings))
    await health.ready()
    _log.info("pod.ready", service=service.name)
    while not stop.is_set() and watch.part is not Part.WAITS:
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        works = watch.part is Part.WORKS and (pod.workers or not calls)
        async with _working(service, failed) if works else contextlib.nullcontext():
            await _first_of(stop, watch, failed)
    await health.drain()


def _built(build: Build, settings: Any, seams: Seams) -> Service:
    try:
        return build(settings, seams)
    except OSError as error:
        raise _unusable(error) from error
    except LookupError as error:
        raise CannotStartError(str(error)) from error


def _unusable(error: OSError) -> CannotStartError:
    return CannotStartError(f"{error.filename} cannot be used: {error.strerror}")


def make_parent(url: str) -> None:
    """Makes the folder of a SQLite file.

    Raises:
        CannotStartError: It cannot be made.
    """
    if not url.startswith("sqlite"):
        return
    folder = Path(url.partition(":///")[2]).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStartError(f"the database's folder {folder} cannot be made: {error.strerror}") from error


async def check_database(name: str, database: Database) -> None:
    """Fails early, and plainly.

    Raises:
        CannotStartError: The database does not answer.
    """
    try:
        await database.ping()
    except (SQLAlchemyError, OSError) as error:
        variable = f"BP_{name.upper()}__DATABASE_URL"
        raise CannotStartError(f"{variable}: the database does not answer ({why_unanswered(error)})") from error


@asynccontextmanager
async def _answering(
    stand: _Stand,
    people: Mapping[str, Any],
    siblings: Mapping[str, Any],
    otherwise: grpc.GenericRpcHandler | None = None,
) -> AsyncIterator[None]:
    pod, certificates = stand.pod, read_certificates(stand.pod.tls_dir).for_server()
    own = only_for(siblings, frozenset(pod.addresses) | {stand.name})
    own |= moving_handlers(stand.name, stand.ground, stand.seams)
    servers = [
        await _listen(people, pod.listen, "BP_POD__LISTEN", certificates, otherwise),
        await _listen(own, pod.own_listen, "BP_POD__OWN_LISTEN", certificates, otherwise),
    ]
    try:
        yield
    finally:
        # Who moves away has said so before; what is still asked here is asked again at the other place.
        grace = pod.drain_seconds if stand.watch.part is not Part.WAITS else 0
        await asyncio.gather(*(server.stop(grace) for server in servers))


async def _listen(
    handlers: Mapping[str, Any],
    address: str,
    variable: str,
    credentials: grpc.ServerCredentials,
    otherwise: grpc.GenericRpcHandler | None,
) -> grpc.aio.Server:
    try:
        server, _ = await start_server(handlers, address, credentials, otherwise)
    except RuntimeError as error:
        raise CannotStartError(f"{variable}: cannot listen on {address}") from error
    return server


@asynccontextmanager
async def _working(service: Service, failed: asyncio.Future[None]) -> AsyncIterator[None]:
    workers = [
        asyncio.create_task(worker(), name=f"{service.name}-{number}") for number, worker in enumerate(service.workers)
    ]

    def ended(task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception() or RuntimeError("a worker ended")
        _log.error("pod.worker_failed", worker=task.get_name(), **described(error))
        if not failed.done():
            failed.set_exception(error)

    for task in workers:
        task.add_done_callback(ended)
    try:
        yield
    finally:
        running = set(workers)
        while running:
            # Again and again: a cancellation that comes along with an answer can get lost in what is awaited.
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=_CANCEL_SECONDS)


@asynccontextmanager
async def _measuring(pod: PodSettings, service: Service) -> AsyncIterator[None]:
    url = service.database.url
    readers = [
        measures.outbox_of(service.name, service.database),
        measures.disk_of(
            service.name, Path(url.partition(":///")[2]).parent if url.startswith("sqlite") else pod.blobs_dir
        ),
        measures.certificate_of(service.name, "pod", (pod.tls_dir / "tls.crt").read_bytes),
        *service.readers,
    ]
    reading = asyncio.create_task(measures.Board().keep(readers))
    try:
        yield
    finally:
        reading.cancel()


async def _first_of(stop: asyncio.Event, watch: Watch, failed: asyncio.Future[None] | None = None) -> None:
    """Returns when the process is told to stop, or has something else to do here.

    Raises:
        RuntimeError: A worker broke.
    """
    heard = [asyncio.create_task(stop.wait()), asyncio.create_task(watch.changed())]
    try:
        await asyncio.wait((*heard, *((failed,) if failed else ())), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in heard:
            task.cancel()
    if failed and failed.done():
        raise RuntimeError("a worker broke; the log names it") from failed.exception()
