"""Work that comes round: done, then done again after each pause, for as long as the process runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bp_kit.logs import get_logger

_AGAIN = timedelta(minutes=1)
_log = get_logger("bp_kit.rounds")


async def come_round(
    what: str,
    act: Callable[[], Awaitable[object]],
    pause: timedelta | Callable[[], timedelta],
    *,
    wait_first: bool = False,
    rest: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Does something until cancelled.

    A database or a disk that fails ends no worker, and with it the node: what is left undone is tried again in a minute or earlier.

    Args:
        what: Its name in the log: `catalogue.reporting`.
        act: Once round.
        pause: How long until the next time; asked before each, where it changes.
        wait_first: Pauses before the first time, too.
        rest: Waits that many seconds, or for less where something can end a pause.
    """
    if wait_first:
        await rest(_next(pause).total_seconds())
    while True:
        until = _next(pause)
        try:
            await act()
        except (SQLAlchemyError, OSError) as error:
            _log.warning("round.waiting", what=what, error=type(error).__name__)
            until = min(until, _AGAIN)
        await rest(until.total_seconds())


def often_at_first(early: Iterable[timedelta], then: timedelta) -> Callable[[], timedelta]:
    """Returns pauses: each of the early ones once, then always the same."""
    left = iter(early)
    return lambda: next(left, then)


def _next(pause: timedelta | Callable[[], timedelta]) -> timedelta:
    return pause if isinstance(pause, timedelta) else pause()
