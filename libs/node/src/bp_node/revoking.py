"""`node revoke`: the centre cuts a node off, or a unit of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bluepacific.exchange.v1 import exchange_service_pb2
from bp_client import Problem
from bp_node.failure import CommandError
from bp_node.operator import operating
from bp_node.screen import say, say_json
from bp_node.settings import NodeSettings, load


def revoke(directory: Path, node_id: str, unit: str, *, as_json: bool) -> None:
    """Cuts a node off, or only a unit of it, by name; the centre must be running.

    Raises:
        CommandError: This is not the centre, it does not run, or it knows no such node.
    """
    settings = load(directory)
    if not settings.centre:
        raise CommandError(f"{settings.node_id} is not the centre: only the centre revokes")
    try:
        asyncio.run(_revoke(settings, node_id, unit))
    except Problem as problem:
        if problem.reason == "NOT_FOUND":
            raise CommandError(f"the register has no {unit or f'node {node_id}'} that can be revoked") from problem
        raise CommandError(f"{settings.node_id} did not revoke {unit or node_id}: {problem.detail}") from problem
    if as_json:
        say_json({"node": node_id, "revoked": True, **({"unit": unit} if unit else {})})
    else:
        say(f"{unit or node_id} is revoked: nobody takes anything from it any more")


async def _revoke(settings: NodeSettings, node_id: str, unit: str) -> None:
    async with operating(settings, "administrator") as client:
        await client.exchange.exchanges.RevokeNode(exchange_service_pb2.RevokeNodeRequest(node_id=node_id, unit=unit))
