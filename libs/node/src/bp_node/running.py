"""`node up` and `migrate`: a node as a process of its own."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import sys
import time
from pathlib import Path

from bp_kit import logs, measures, telemetry
from bp_node import folder
from bp_node.failure import CommandError
from bp_node.screen import say, say_json
from bp_node.settings import NodeSettings, load
from bp_node.spantree import SPANS_FILE

_MIB = 1024 * 1024


def up(directory: Path, *, as_json: bool) -> None:
    """Runs the node of a folder until SIGTERM or SIGINT.

    Raises:
        CommandError: It cannot start, or one of its workers broke.
    """
    settings = load(directory)
    folder.make(settings.folder)
    logs.configure(node=settings.node_id, style=settings.log_style, level=settings.log_level)
    for name in ("uvicorn", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    tracing = telemetry.configure(
        node=settings.node_id,
        span_store=settings.place(SPANS_FILE),
        otlp_endpoint=settings.otlp_endpoint,
        sample_ratio=settings.sample_ratio,
    )
    metrics = measures.configure(node=settings.node_id, otlp_endpoint=settings.otlp_endpoint)
    try:
        _run(_serve(settings, as_json=as_json))
    finally:
        tracing.shutdown()
        if metrics:
            metrics.shutdown()


def _run(main: object) -> None:
    import uvloop  # noqa: PLC0415 - only where a node runs

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)  # type: ignore[arg-type] # a coroutine


async def _serve(settings: NodeSettings, *, as_json: bool) -> None:
    from bp_node.embedded import run_node  # noqa: PLC0415 - with all services
    from bp_node.measuring import measured  # noqa: PLC0415
    from bp_node.systemd.telling import told  # noqa: PLC0415

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    starting = asyncio.create_task(stop.wait())
    async with run_node(settings) as node:
        started = time.time()
        folder.write_run_file(settings.folder, {"url": node.url, "started": started})
        _say_ready(settings, node.url, node.seconds, as_json=as_json)
        measuring = asyncio.create_task(measured(settings, node.services.values()))
        broken = asyncio.create_task(node.failed())
        async with told(f"{settings.node_id} at {node.url}"):
            done, _ = await asyncio.wait((starting, broken), return_when=asyncio.FIRST_COMPLETED)
        broken.cancel()
        measuring.cancel()
        if broken in done:
            raise CommandError("a worker of the node broke; its log names it") from broken.exception()
    if not as_json:
        say(f"{settings.node_id} has stopped")


def _say_ready(settings: NodeSettings, url: str, seconds: float, *, as_json: bool) -> None:
    # On Linux ru_maxrss is in KiB.
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // _MIB if sys.platform == "linux" else 0
    if as_json:
        say_json({"event": "ready", "node": settings.node_id, "url": url, "seconds": round(seconds, 2), "rssMib": rss})
    else:
        say(f"{settings.node_id} is ready at {url} after {seconds:.1f} s")


def migrate(directory: Path, *, as_json: bool) -> None:
    """Migrates the databases of a folder's node.

    Raises:
        CommandError: It runs, or a database cannot be written.
    """
    settings = load(directory)
    folder.make(settings.folder)
    logs.configure(node=settings.node_id, style=settings.log_style, level="WARNING")
    changed = asyncio.run(_migrate(settings, quiet=as_json))
    if as_json:
        say_json({"node": settings.node_id, "changed": changed})
    else:
        say(f"{settings.node_id}: " + (f"brought up to date: {', '.join(changed)}" if changed else "is up to date"))


async def _migrate(settings: NodeSettings, *, quiet: bool) -> list[str]:
    from bp_kit.rpc.inprocess import InProcessChannel  # noqa: PLC0415 - with all services
    from bp_node.migrating import bring_up_to_date  # noqa: PLC0415
    from bp_node.screen import working  # noqa: PLC0415
    from bp_node.seams import seams_of  # noqa: PLC0415
    from bp_node.services import NAMES, build_service  # noqa: PLC0415

    changed = []
    with folder.held(settings.folder):
        seams = seams_of(settings, InProcessChannel({}))
        for name in NAMES:
            service = build_service(name, settings, seams)
            try:
                with working(f"migrating {name}", quiet=quiet):
                    if await bring_up_to_date(service, settings.place("backups")):
                        changed.append(name)
            finally:
                await service.aclose()
    return changed
