"""Live streams: what was missed first, then each notification as it comes.

A stream reads from the database after its own position and sleeps until its person's bell rings. The bell rings at each commit of this
process that told the person something, and, for what another process committed, when the lookout sees it. The bell is cleared before
each reading, so nothing that commits meanwhile is slept through. Positions become visible in their order, because the person's row is
locked while one is given (`Contacts.next_position`); so nothing can appear behind a stream that has passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_notifications.domain.names import officer_of
from bp_notifications.domain.notification import Notification
from bp_notifications.usecases.notifications import reading_language, require_own
from bp_notifications.usecases.work import Rules, Transactions, Work

_BATCH = 50


class Bells(Protocol):
    """Wakes those who wait in this process."""

    def listening(self, key: str) -> int:
        """Returns how many wait for that key."""
        ...

    def heard(self, key: str) -> AbstractContextManager[asyncio.Event]:
        """Gives an event that is set whenever the key is rung within the block."""
        ...


@dataclass(frozen=True)
class Sight:
    """A notification as a stream shows it, in the person's language."""

    notification: Notification
    language: str


@dataclass(frozen=True)
class Watch:
    """What somebody asks to see.

    Attributes:
        officer: Whose notifications.
        after: Name of the last one seen; empty for none.
        spoken: The call's language.
    """

    officer: str
    after: str
    spoken: str


async def watch_notifications(
    principal: Principal, watch: Watch, *, reading: Transactions, bells: Bells, rules: Rules
) -> AsyncGenerator[Sight, None]:
    """Yields the caller's own notifications until the stream is too old.

    Args:
        principal: Who watches.
        watch: What.
        reading: Opens read-only transactions.
        bells: Wakes the stream.
        rules: Limits of streams.

    Raises:
        Refused: NOT_FOUND, TOO_MANY_STREAMS.
    """
    require_own(principal, watch.officer)
    if bells.listening(watch.officer) >= rules.stream_limit:
        raise Refused("TOO_MANY_STREAMS", limit=rules.stream_limit)
    loop = asyncio.get_running_loop()
    end = loop.time() + rules.stream_seconds
    with bells.heard(watch.officer) as rung:
        async with reading() as work:
            seen = await _position(work, watch)
        fresh = seen == 0
        while True:
            rung.clear()
            async with reading() as work:
                found = await work.notifications.after(watch.officer, seen, _BATCH, unread=fresh)
                language = await reading_language(work, watch.officer, watch.spoken)
            for notification in found:
                yield Sight(notification, language)
                seen = notification.position
            if len(found) < _BATCH and not await _rings(rung, end - loop.time()):
                return


async def _position(work: Work, watch: Watch) -> int:
    """Returns the position of the last one seen; 0 where it is none of the person's that are kept."""
    if not watch.after or officer_of(watch.after) != watch.officer:
        return 0
    notification = await work.notifications.find(watch.after)
    return notification.position if notification else 0


async def _rings(rung: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await rung.wait()
    except TimeoutError:
        return False
    return True
