"""Work that comes round: done, then done again after each pause, for as long as the process runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bp_kit.logs import get_logger

_AGAIN = timedelta(minutes=1)
_log = get_logger("bp_kit.rounds")


async def come_round(what: str, act: Callable[[], Awaitable[object]], pause: Callable[[], timedelta]) -> None:
    """Does something until cancelled.

    A database or a disk that fails ends no worker, and with it the node: what is left undone is tried again in a minute or earlier.

    Args:
        what: Its name in the log.
        act: Once round.
        pause: How long until the next time, asked after each.
    """
    while True:
        until = pause()
        try:
            await act()
        except (SQLAlchemyError, OSError) as error:
            _log.warning("round.failed", what=what, error=type(error).__name__)
            until = min(until, _AGAIN)
        await asyncio.sleep(until.total_seconds())
