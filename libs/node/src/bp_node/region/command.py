"""`bluepacific region`: starts a mail catcher and three nodes, says who can sign in where, and keeps all running until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any

from rich.table import Table

from bp_node import folder
from bp_node.failure import CommandError, bind, told_plainly
from bp_node.mail import catching
from bp_node.planting import officer_name
from bp_node.region import control
from bp_node.region.building import Builder, environment_of, nodes
from bp_node.region.plan import CADETS, MAILDIR, PEOPLE_FILE, REGION_FILE, Plan
from bp_node.region.process import NodeProcess
from bp_node.screen import out, say, say_json, working


def run(state: Path, base_port: int, smtp_port: int, *, as_json: bool) -> None:
    """Runs the region until SIGINT or SIGTERM.

    Raises:
        CommandError: A port is taken, the state folder cannot be used, or a node cannot start.
    """
    plan = Plan(state.resolve(), base_port, smtp_port)
    with told_plainly("use the state folder", plan.state):
        plan.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        (plan.state / "run").mkdir(mode=0o700, exist_ok=True)
        (plan.state / "run" / "probe").write_bytes(b"writable")
    folder.check_space(plan.state, folder.ENOUGH_BYTES * len(nodes()))
    with folder.held(plan.state), told_plainly("write to", plan.state):
        for port, what in plan.ports.items():
            bind("127.0.0.1", port, what).close()
        try:
            asyncio.run(_Region(plan, as_json=as_json).run())
        except ExceptionGroup as group:
            raise _first(group) from group


class _Region:
    def __init__(self, plan: Plan, *, as_json: bool) -> None:
        self._plan = plan
        self._json = as_json
        self._builder = Builder(plan)
        self._keepers: list[asyncio.Task[None]] = []
        self._processes = {
            node.node_id: NodeProcess(node.node_id, plan.folder(node), environment_of(plan, node)) for node in nodes()
        }

    async def run(self) -> None:
        begun = time.monotonic()
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)
        maildir = self._plan.state / MAILDIR
        async with (
            catching(maildir, port=self._plan.smtp_port),
            control.listening(self._processes) as socket,
            asyncio.TaskGroup() as group,
        ):
            work = group.create_task(self._start(group, socket, begun))
            await _either(stop, work)
            if stop.is_set() and not self._json:
                say("stopping the nodes")
            for task in (work, *self._keepers):
                task.cancel()
        if not self._json:
            say("all nodes have stopped")

    async def _start(self, group: asyncio.TaskGroup, socket: Path, begun: float) -> None:
        centre, *others = nodes()
        with working("making the nodes", quiet=self._json):
            await _all(self._builder.make(node) for node in nodes())
        with working(f"starting {centre.title}", quiet=self._json):
            self._keep(group, centre.node_id)
            await self._processes[centre.node_id].wait_ready()
        with working("enrolling the countries", quiet=self._json):
            await _all(self._builder.enrol(node, centre) for node in others)
        with working("starting the countries", quiet=self._json):
            for node in others:
                self._keep(group, node.node_id)
            await _all(self._processes[node.node_id].wait_ready() for node in others)
        self._announce(socket, time.monotonic() - begun)
        await asyncio.Event().wait()

    def _keep(self, group: asyncio.TaskGroup, node_id: str) -> None:
        self._keepers.append(group.create_task(self._processes[node_id].keep_running()))

    def _announce(self, socket: Path, seconds: float) -> None:
        document, passwords = self._document(socket), self._builder.gather_passwords()
        folder.write_secret(self._plan.state / REGION_FILE, json.dumps(document, indent=1))
        if self._json:
            say_json({"event": "ready", "seconds": round(seconds, 2), **document})
            return
        out.print(_table(self._plan, passwords))
        say(f"mail: 127.0.0.1:{self._plan.smtp_port}, kept in {self._plan.state / MAILDIR / 'new'}")
        say(
            f"[green]The region is up[/green] after {seconds:.1f} s. Play the day with `make scenario`; stop with Ctrl-C."
        )

    def _document(self, socket: Path) -> dict[str, Any]:
        plan = self._plan
        return {
            "control": str(socket),
            "maildir": str(plan.state / MAILDIR / "new"),
            "people": str(plan.state / PEOPLE_FILE),
            "nodes": {
                node.node_id: {
                    "country": node.country,
                    "url": plan.url(node),
                    "grpc": f"127.0.0.1:{plan.grpc_port(node)}",
                    "dir": str(plan.folder(node)),
                }
                for node in nodes()
            },
        }


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Does them side by side; the first that fails ends the others."""
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work)


async def _either(stop: asyncio.Event, work: asyncio.Task[None]) -> None:
    """Returns when one of them is done."""
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((stopped, work), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stopped


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """Returns what a person is told of several failures: the first that is meant for one."""
    told = group.subgroup(CommandError)
    found: Any = told or group
    while isinstance(found, ExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, Exception)
    return found


def _table(plan: Plan, passwords: dict[str, str]) -> Table:
    table = Table(title="Who can sign in where", title_justify="left")
    for heading in ("gateway", "user name", "password", "roles"):
        table.add_column(heading, no_wrap=heading != "roles")
    for node in nodes():
        for number, officer in enumerate(one for one in node.people["officers"] if one["id"] not in CADETS):
            where = "" if number else f"{node.title}\n{plan.url(node)}\ngRPC 127.0.0.1:{plan.grpc_port(node)}"
            password = passwords.get(officer_name(node.country, officer["id"]), "changed since")
            table.add_row(where, officer["id"], password, ", ".join(officer["roles"]))
        table.add_section()
    return table
