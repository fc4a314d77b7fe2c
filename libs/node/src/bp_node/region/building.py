"""Making a region's nodes, each by the command that a country's IT team uses. What is there already stays."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from bp_node import folder
from bp_node.failure import CommandError, told_plainly
from bp_node.region.plan import NODES, PEOPLE_FILE, Plan, PlannedNode
from bp_node.settings import FILE

_ENROLLED = "enrolled"
_PASSWORDS = "passwords.json"


class Builder:
    """Makes the nodes of a plan.

    Args:
        plan: Which, and where.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    async def make(self, node: PlannedNode) -> None:
        """Makes the node and its people, unless they are there.

        Raises:
            CommandError: A command refused.
        """
        plan, place = self._plan, self._plan.folder(node)
        if not (place / FILE).exists():
            arguments = ["--country", node.country, "--node-id", node.node_id, "--port", str(plan.port(node))]
            arguments += ["--link", plan.link, "--smtp", f"127.0.0.1:{plan.smtp_port}", "--dir", str(place)]
            await self._run("node", "init", *arguments, *(["--centre"] if node.centre else []))
        people = place / "run" / "people.json"
        if not people.exists():
            wanted = people.with_name("people-wanted.json")
            folder.write_secret(wanted, json.dumps(node.people))
            passwords = place / "run" / _PASSWORDS
            await self._run("node", "people", str(wanted), "--dir", str(place), "--passwords", str(passwords))
            wanted.rename(people)

    def gather_passwords(self) -> dict[str, str]:
        """Puts the passwords of all nodes into one file of the region, and returns them by officer's name.

        Raises:
            CommandError: A file cannot be read or written.
        """
        found: dict[str, str] = {}
        for node in NODES:
            file = self._plan.folder(node) / "run" / _PASSWORDS
            with told_plainly("read", file):
                found |= json.loads(file.read_text(encoding="utf-8"))
        folder.write_secret(self._plan.state / PEOPLE_FILE, json.dumps(found, indent=1))
        return found

    async def enrol(self, node: PlannedNode, centre: PlannedNode) -> None:
        """Lets the node into the network, unless it is in. The centre must be running.

        Raises:
            CommandError: A command refused.
        """
        place = self._plan.folder(node)
        marker = place / "run" / _ENROLLED
        if marker.exists():
            return
        invited = await self._run(
            "node", "invite", node.node_id, "--country", node.country, "--dir", str(self._plan.folder(centre))
        )
        enrolled = await self._run("node", "enrol", "--token", "-", "--dir", str(place), given=str(invited["token"]))
        marker.write_text(str(enrolled.get("fingerprint", "")) + "\n")

    async def _run(self, *arguments: str, given: str = "") -> dict[str, Any]:
        """Runs a command with --json and returns its answer."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bp_node",
            *arguments,
            "--json",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(self._plan.environment),
        )
        try:
            answer, told = await process.communicate(given.encode())
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if process.returncode:
            lines = told.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise CommandError(
                f"`bluepacific {' '.join(arguments[:2])}` failed: {lines[-1].removeprefix('bluepacific: ')}"
            )
        return json.loads(answer.splitlines()[-1]) if answer.strip() else {}


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **settings}


def environment_of(plan: Plan, node: PlannedNode) -> dict[str, str]:
    """Returns the settings that a node gets anew at each start."""
    return {
        **plan.environment,
        "BP_NODE__PORT": str(plan.port(node)),
        "BP_NODE__GRPC_LISTEN": f"127.0.0.1:{plan.grpc_port(node)}",
        "BP_NODE__PUBLIC_URL": plan.url(node),
    }


def nodes() -> tuple[PlannedNode, ...]:
    """Returns the planned nodes, the centre first."""
    return tuple(sorted(NODES, key=lambda node: not node.centre))
