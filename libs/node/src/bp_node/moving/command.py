"""`node move`: what the operator sees of it."""

from __future__ import annotations

import asyncio
from typing import Any

from bp_kit.moving.place import State
from bp_node.moving.here import Here, opened
from bp_node.moving.preflight import look_ahead, refuse_misplaced
from bp_node.moving.switching import finish, go_back, move
from bp_node.screen import say, say_json


def run(service: str, to: str, *, back: bool, dry_run: bool, as_json: bool) -> None:
    """Moves a service, or gives a move up.

    Args:
        service: Short name: `training`.
        to: `local` or `central`.
        back: Give up the move to there that is under way.
        dry_run: Only look.
        as_json: A JSON document a line.

    Raises:
        CommandError: It cannot be done; the text says where the service stands.
    """
    asyncio.run(_run(service, to, _teller(as_json=as_json), back=back, dry_run=dry_run))


async def _run(service: str, to: str, tell: Any, *, back: bool, dry_run: bool) -> None:
    async with opened(service, tell) as here:
        if back:
            await go_back(here)
            return
        standing = await here.standing()
        refuse_misplaced(here, standing, to)
        if standing.state == State.STATE_AWAY:
            await finish(here, standing.move_id)
            return
        await _move(here, dry_run=dry_run)


async def _move(here: Here, *, dry_run: bool) -> None:
    outlook = await look_ahead(here)
    here.say(outlook.line(), event="outlook", **outlook.document())
    if dry_run:
        return
    tables, sent = await move(here)
    here.say(
        "next: write it into both places' values, so that it starts there by itself and its old pod can go",
        event="done",
        tables=tables,
        rowsSent=sent.rows_sent,
        filesSent=sent.files_sent,
    )


def _teller(*, as_json: bool) -> Any:
    def tell(line: str, *, event: str, **facts: Any) -> None:
        if as_json:
            say_json({"event": event, **facts})
        elif line:
            say(line)

    return tell
