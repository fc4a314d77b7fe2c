"""The process of a node under test. Prints one line of JSON when it serves."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import uvloop

from bp_kit import logs
from bp_kit.rpc.inprocess import InProcessChannel
from bp_kit.rpc.registry import handlers_of
from bp_node import folder
from bp_node.embedded import run_node
from bp_node.migrating import bring_up_to_date
from bp_node.seams import seams_of
from bp_node.services import build_service
from bp_node.settings import NodeSettings, load
from tests.faults.parentage import end_with_parent
from tests.faults.post import meddling
from tests.faults.post.office import Office


@contextlib.asynccontextmanager
async def whole(settings: NodeSettings) -> AsyncIterator[Any]:
    """Runs the node with all its services, and gives their channel to each other."""
    async with run_node(settings) as node:
        folder.write_run_file(settings.folder, {"url": node.url})
        failed = asyncio.create_task(node.failed())
        failed.add_done_callback(lambda task: None if task.cancelled() else os._exit(70))
        yield node.own_channel
        failed.cancel()


@contextlib.asynccontextmanager
async def alone(settings: NodeSettings) -> AsyncIterator[Any]:
    """Runs the node's exchange only."""
    handlers: dict[str, Any] = {}
    channel = InProcessChannel(handlers)
    with folder.held(settings.folder):
        seams = seams_of(settings, channel)
        service = build_service("exchange", settings, seams)
        await bring_up_to_date(service, settings.place("backups"))
        handlers |= handlers_of(service, seams, from_node=True)
        async with asyncio.TaskGroup() as tasks:
            workers = [tasks.create_task(worker()) for worker in service.workers]
            yield channel
            for worker in workers:
                worker.cancel()
        await service.aclose()


async def main(asked: argparse.Namespace) -> None:
    """Runs until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = load(asked.folder)
    logs.configure(node=settings.node_id, level=settings.log_level)
    async with (alone if asked.alone else whole)(settings) as channel:
        office = Office(settings.folder, seams_of(settings, channel))
        await office.open()
        async with asyncio.TaskGroup() as tasks:
            workers = [tasks.create_task(worker()) for worker in office.workers]
            server = await asyncio.start_server(office.serve, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            print(json.dumps({"event": "ready", "port": port}), flush=True)
            await stop.wait()
            server.close()
            for worker in workers:
                worker.cancel()
        await office.database.aclose()


def run(arguments: Sequence[str]) -> None:
    """Does what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="made by `bluepacific node init`")
    parser.add_argument("--alone", action="store_true", help="the exchange without the other services")
    meddling.add_arguments(parser)
    chosen = parser.parse_args(arguments)
    meddling.apply(chosen)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(chosen))


if __name__ == "__main__":
    end_with_parent()
    run(sys.argv[1:])
