"""One node in one process: every service, joined without sockets, in one event loop. `bluepacific node up` runs it, tests too.

Who reaches whom: the gateway and integrators' gRPC reach the services as people do, with tokens; the services reach each other on a
channel of their own that proves they are of this node. Nothing above the channel can tell that they share a process.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bp_kit.logs import described, get_logger
from bp_kit.rpc.inprocess import InProcessChannel
from bp_kit.rpc.registry import handlers_of
from bp_kit.service import Service
from bp_node import folder
from bp_node.http import serve_gateway
from bp_node.integrators import serve_grpc
from bp_node.migrating import bring_up_to_date
from bp_node.seams import seams_of
from bp_node.services import NAMES, build_service
from bp_node.settings import NodeSettings

# Long enough for a worker to end what it is in the middle of.
_CANCEL_SECONDS = 5.0
_log = get_logger("bp_node")


@dataclass
class Node:
    """A running node.

    Attributes:
        settings: What it was told.
        url: Where its gateway listens.
        services: By name.
        channel: Reaches its services as people do: calls need a token.
        own_channel: Reaches them as another service of the node.
        handlers: What `channel` reaches, by gRPC path.
        seconds: How long it took until it could serve.
    """

    settings: NodeSettings
    services: dict[str, Service]
    channel: Any
    own_channel: Any
    handlers: dict[str, Any]
    url: str = ""
    seconds: float = 0.0
    _failed: asyncio.Future[None] = field(default_factory=asyncio.Future)

    async def failed(self) -> None:
        """Returns never; raises what broke a worker of the node."""
        await asyncio.shield(self._failed)


@asynccontextmanager
async def run_node(settings: NodeSettings) -> AsyncIterator[Node]:
    """Runs a node within the block: migrated, all workers going, its gateway listening.

    Raises:
        CommandError: Its folder is in use or cannot be written, a port is taken, a setting cannot be.
    """
    begun = time.perf_counter()
    folder.check_space(settings.folder)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(folder.held(settings.folder))
        node = await _assemble(settings, stack)
        await stack.enter_async_context(_working(node))
        await stack.enter_async_context(serve_grpc(settings, node.handlers))
        node.url = await stack.enter_async_context(serve_gateway(settings, node.channel))
        node.seconds = time.perf_counter() - begun
        yield node


async def _assemble(settings: NodeSettings, stack: contextlib.AsyncExitStack) -> Node:
    people: dict[str, Any] = {}
    own: dict[str, Any] = {}
    node = Node(settings, {}, InProcessChannel(people), InProcessChannel(own), people)
    seams = seams_of(settings, node.own_channel)
    for name in NAMES:
        service = build_service(name, settings, seams)
        stack.push_async_callback(service.aclose)
        node.services[name] = service
        if await bring_up_to_date(service, settings.place("backups")):
            _log.info("node.migrated", service=name)
        people |= handlers_of(service, seams, from_node=False)
        own |= handlers_of(service, seams, from_node=True)
    return node


@asynccontextmanager
async def _working(node: Node) -> AsyncIterator[None]:
    """Runs the workers of all services; what breaks one is told by `Node.failed`."""
    workers = [
        asyncio.create_task(worker(), name=f"{service.name}-{number}")
        for service in node.services.values()
        for number, worker in enumerate(service.workers)
    ]

    def ended(task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception() or RuntimeError("a worker ended")
        _log.error("node.worker_failed", worker=task.get_name(), **described(error))
        if not node._failed.done():  # noqa: SLF001
            node._failed.set_exception(error)  # noqa: SLF001

    for task in workers:
        task.add_done_callback(ended)
    try:
        yield
    finally:
        await _end(workers)
        node._failed.cancel()  # noqa: SLF001


async def _end(workers: list[asyncio.Task[None]]) -> None:
    """Cancels the workers until each has ended: a cancellation that comes along with an answer can get lost in what is awaited."""
    running = set(workers)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_CANCEL_SECONDS)
