"""Calls of a running node as its operator, and pages read to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from bp_client import AsyncBluePacific, Problem
from bp_node.failure import CommandError
from bp_node.operator import operating
from bp_node.settings import NodeSettings, load

_PAGE = 100
Answer = TypeVar("Answer")


class Administration:
    """The own country, and a client that may administer it.

    Args:
        settings: The node's.
        client: Reaches its gateway.

    Attributes:
        country: `countries/FJI`.
        client: All its services.
        identity: The services of people, units, roles and clients.
    """

    def __init__(self, settings: NodeSettings, client: AsyncBluePacific) -> None:
        self.country = f"countries/{settings.country}"
        self.client = client
        self.identity: Any = client.identity

    def name_of(self, collection: str, typed: str) -> str:
        """Returns a name as it was typed whole, or as the last part of one: `ana`."""
        return typed if "/" in typed else f"{self.country}/{collection}/{typed}"


def administer(
    directory: Path, act: Callable[[Administration], Awaitable[Answer]], *, role: str = "administrator"
) -> Answer:
    """Does something at a running node as its administrator, or in another role.

    Args:
        directory: The node's folder.
        act: What to do.
        role: As in tokens.

    Raises:
        CommandError: The node does not run, or refused; then nothing changed.
    """
    settings = load(directory)

    async def acted() -> Answer:
        async with operating(settings, role) as client:
            return await act(Administration(settings, client))

    try:
        return asyncio.run(acted())
    except Problem as problem:
        raise CommandError(problem.detail) from problem


async def every(method: Callable[[Any], Awaitable[Any]], request: Any, field: str) -> list[Any]:
    """Returns all resources of a list, page after page.

    Args:
        method: The list's RPC.
        request: Its request, without page.
        field: The response's field: `officers`.
    """
    request.page_size = _PAGE
    found: list[Any] = []
    while True:
        page = await method(request)
        found += getattr(page, field)
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


def value_of(enum: Any, prefix: str, typed: str, option: str) -> Any:
    """Returns an enum's value as a person types it, in any case, with `-` or `_`.

    Args:
        enum: The proto's.
        prefix: Of its values: `ROLE_`.
        typed: `duty-officer`.
        option: Where it was typed, for the refusal.

    Raises:
        CommandError: It is none of them.
    """
    values = {name.removeprefix(prefix): number for name, number in enum.items() if number}
    wanted = typed.upper().replace("-", "_")
    if wanted not in values:
        raise CommandError(f"{option}: {typed} is none of {', '.join(name.lower() for name in values)}")
    return values[wanted]


def moment_of(typed: str, option: str) -> Timestamp:
    """Returns a moment as a person types it: a day (its beginning, UTC), or a moment of RFC 3339.

    Raises:
        CommandError: It is neither.
    """
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError as error:
        raise CommandError(f"{option}: {typed} is no day (2027-03-31) and no moment (2027-03-31T09:00Z)") from error
    stamp = Timestamp()
    stamp.FromDatetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return stamp
