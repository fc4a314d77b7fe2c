"""Wakes whoever waits within this process, and tells of it the node's other processes, if it has any.

A bell of a transaction rings here after its commit. On PostgreSQL the commit itself carries it to the other processes (NOTIFY), so that
none is lost with the process that rang it; `workers/noticing.py` hears it there. On SQLite one process serves the exchange, but commands of
the node write beside it: what they write is found by looking now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncSession

Wake = Callable[[], None]

CHANNEL = "bp_exchange_bells"
_LOOK_SECONDS = 2.0
_TOLD_LOOK_SECONDS = 60.0
# PostgreSQL takes less than 8000 bytes.
_NOTICE_NAMES = 60


class Bells:
    """Who wants to be woken, by name of the bell.

    Args:
        pod: Names this process to the node's others.

    Attributes:
        pod: As given.
        told: Whatever another process rings is heard here.
    """

    def __init__(self, pod: str = "") -> None:
        self.pod = pod
        self.told = False
        self._listeners: dict[str, list[Wake]] = {}

    @property
    def patience(self) -> float:
        """How long to wait, in seconds, before looking for what was written without a bell that is heard here."""
        return _TOLD_LOOK_SECONDS if self.told else _LOOK_SECONDS

    def ring(self, names: Iterable[str]) -> None:
        """Wakes whoever listens to one of the names, in this process."""
        for name in names:
            for wake in tuple(self._listeners.get(name, ())):
                wake()

    def ring_all(self) -> None:
        """Wakes everybody: bells may have rung unheard."""
        self.ring(tuple(self._listeners))

    def ring_after(self, session: AsyncSession, names: Collection[str]) -> None:
        """Wakes whoever listens to one of the names, in every process, once the transaction has committed.

        Args:
            session: The transaction.
            names: May grow until the commit.
        """
        event.listen(session.sync_session, "after_commit", lambda _: self.ring(tuple(names)), once=True)
        if session.get_bind().dialect.name == "postgresql":
            event.listen(session.sync_session, "before_commit", lambda sync: self._notify(sync, names), once=True)

    def _notify(self, session: Any, names: Collection[str]) -> None:
        ordered = sorted(names)
        for at in range(0, len(ordered), _NOTICE_NAMES):
            payload = "\n".join([self.pod, *ordered[at : at + _NOTICE_NAMES]])
            session.execute(select(func.pg_notify(CHANNEL, payload)))

    def hear(self, payload: str) -> None:
        """Takes a notice of another process; an own one was rung already."""
        pod, *names = payload.split("\n")
        if pod != self.pod:
            self.ring(names)

    @contextmanager
    def listening(self, wake: Wake, *names: str) -> Iterator[None]:
        """Calls `wake` whenever one of the bells rings."""
        for name in names:
            self._listeners.setdefault(name, []).append(wake)
        try:
            yield
        finally:
            for name in names:
                self._listeners[name].remove(wake)
                if not self._listeners[name]:
                    del self._listeners[name]


async def woken(happened: asyncio.Event, seconds: float) -> None:
    """Returns when the event is set, or after that time; the event is clear then."""
    try:
        async with asyncio.timeout(seconds):
            await happened.wait()
    except TimeoutError:
        pass
    happened.clear()
