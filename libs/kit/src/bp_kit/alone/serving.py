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
from pathlib import Path
from typing import Any

import grpc
from sqlalchemy.exc import SQLAlchemyError

from bp_kit import measures
from bp_kit.alone.certificates import read_certificates
from bp_kit.alone.files import blobs_of
from bp_kit.alone.health import Health
from bp_kit.alone.process import page_token_key
from bp_kit.alone.settings import PodSettings
from bp_kit.alone.siblings import Siblings, only_for
from bp_kit.alone.trouble import CannotStartError, why_unanswered
from bp_kit.issuer import RemoteIssuer
from bp_kit.logs import described, get_logger
from bp_kit.ports import Seams
from bp_kit.rpc.registry import handlers_of
from bp_kit.rpc.server import start_server
from bp_kit.sealing import Sealer
from bp_kit.service import Service
from bp_kit.tokens import RemoteKeys

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
    async with contextlib.AsyncExitStack() as stack:
        service, seams = await _built(pod, build, settings, stack)
        health = Health(service.database.ping)
        await health.start(pod.health_listen)
        stack.push_async_callback(health.stop)
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if pod.workers or not calls:
            await stack.enter_async_context(_working(service, failed))
        if pod.otlp_endpoint:
            await stack.enter_async_context(_measuring(pod, service))
        if calls:
            await stack.enter_async_context(_answering(pod, service, seams))
        await health.ready()
        _log.info("pod.ready", service=service.name)
        await _either(stop, failed)
        await health.drain()


async def _built(
    pod: PodSettings, build: Build, settings: Any, stack: contextlib.AsyncExitStack
) -> tuple[Service, Seams]:
    certificates = read_certificates(pod.tls_dir)
    siblings = Siblings(pod.addresses, certificates.for_channel())
    stack.push_async_callback(siblings.aclose)
    make_parent(settings.database_url)
    try:
        seams = Seams(
            country=pod.country,
            blobs=blobs_of(pod),
            channel=siblings.channel,
            keys=RemoteKeys(pod.public_url, RemoteIssuer(lambda: siblings.channel("identity"))),
            sealer=Sealer(page_token_key(pod.page_token_file)),
        )
        service = build(settings, seams)
    except OSError as error:
        raise CannotStartError(f"{error.filename} cannot be used: {error.strerror}") from error
    except LookupError as error:
        raise CannotStartError(str(error)) from error
    stack.push_async_callback(service.aclose)
    await check_database(service)
    return service, seams


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


async def check_database(service: Service) -> None:
    """Fails early, and plainly.

    Raises:
        CannotStartError: The database does not answer.
    """
    try:
        await service.database.ping()
    except (SQLAlchemyError, OSError) as error:
        variable = f"BP_{service.name.upper()}__DATABASE_URL"
        raise CannotStartError(f"{variable}: the database does not answer ({why_unanswered(error)})") from error


@asynccontextmanager
async def _answering(pod: PodSettings, service: Service, seams: Seams) -> AsyncIterator[None]:
    certificates = read_certificates(pod.tls_dir).for_server()
    own = only_for(handlers_of(service, seams, from_node=True), frozenset(pod.addresses) | {service.name})
    servers = [
        await _listen(handlers_of(service, seams, from_node=False), pod.listen, "BP_POD__LISTEN", certificates),
        await _listen(own, pod.own_listen, "BP_POD__OWN_LISTEN", certificates),
    ]
    try:
        yield
    finally:
        await asyncio.gather(*(server.stop(pod.drain_seconds) for server in servers))


async def _listen(
    handlers: Mapping[str, Any], address: str, variable: str, credentials: grpc.ServerCredentials
) -> grpc.aio.Server:
    try:
        server, _ = await start_server(handlers, address, credentials)
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


async def _either(stop: asyncio.Event, failed: asyncio.Future[None]) -> None:
    told = asyncio.create_task(stop.wait())
    await asyncio.wait((told, failed), return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if failed.done():
        raise RuntimeError("a worker broke; the log names it") from failed.exception()
