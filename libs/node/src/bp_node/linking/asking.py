"""Asks a running node's own gateway, and says in one line why it did not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from bp_client import AsyncBluePacific, Problem
from bp_node.failure import CommandError
from bp_node.operator import operating
from bp_node.settings import NodeSettings, load

Answer = TypeVar("Answer")


def ask(directory: Path, role: str, call: Callable[[AsyncBluePacific], Awaitable[Answer]]) -> Answer:
    """Returns what a call on the node in a folder answers.

    Args:
        directory: The node's folder.
        role: In which the operator asks.
        call: Makes the call.

    Raises:
        CommandError: There is no node, it does not run, or it refused.
    """
    settings = load(directory)
    try:
        return asyncio.run(_ask(settings, role, call))
    except Problem as problem:
        raise CommandError(f"{settings.node_id}: {problem.detail}") from problem


async def _ask(settings: NodeSettings, role: str, call: Callable[[AsyncBluePacific], Awaitable[Answer]]) -> Answer:
    async with operating(settings, role) as client:
        return await call(client)
