"""Wakes whoever waits within this process. What another process writes is found by looking now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

Wake = Callable[[], None]


class Bells:
    """Who wants to be woken, by name of the bell."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Wake]] = {}

    def ring(self, names: Iterable[str]) -> None:
        """Wakes whoever listens to one of the names."""
        for name in names:
            for wake in tuple(self._listeners.get(name, ())):
                wake()

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


async def woken(event: asyncio.Event, seconds: float) -> None:
    """Returns when the event is set, or after that time; the event is clear then."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
    event.clear()
