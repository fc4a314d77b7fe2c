"""`node confirm`: a second person at the centre makes a node a member that has enrolled."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bluepacific.exchange.v1 import exchange_service_pb2
from bp_client import Problem
from bp_node.failure import CommandError
from bp_node.operator import operating
from bp_node.screen import say, say_json
from bp_node.settings import NodeSettings, load


def confirm(directory: Path, node_id: str, fingerprint: str, by: str, *, as_json: bool) -> None:
    """Confirms a node; the centre must be running.

    Raises:
        CommandError: This is not the centre, it does not run, no such node waits, or the words differ.
    """
    settings = load(directory)
    if not settings.centre:
        raise CommandError(f"{settings.node_id} is not the centre: only the centre confirms")
    request = exchange_service_pb2.ConfirmNodeRequest(node_id=node_id, fingerprint=fingerprint, confirmed_by=by)
    try:
        asyncio.run(_confirm(settings, request))
    except Problem as problem:
        if problem.reason == "NOT_FOUND":
            raise CommandError(f"no node {node_id} waits to be confirmed") from problem
        raise CommandError(f"{node_id} is not confirmed: {problem.detail}") from problem
    if as_json:
        say_json({"node": node_id, "confirmed": True})
    else:
        say(f"{node_id} is a member now; it links by itself within minutes")


async def _confirm(settings: NodeSettings, request: exchange_service_pb2.ConfirmNodeRequest) -> None:
    async with operating(settings, "administrator") as client:
        await client.exchange.exchanges.ConfirmNode(request)
