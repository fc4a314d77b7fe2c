"""Wakes those who wait in this process: live streams by their person's name, the postman by its own key."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session


class BellBoard:
    """Who waits for what; one a process."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def keys(self) -> set[str]:
        """Returns the keys that somebody waits for."""
        return set(self._waiting)

    def listening(self, key: str) -> int:
        """Returns how many wait for that key."""
        return len(self._waiting.get(key, ()))

    @contextmanager
    def heard(self, key: str) -> Iterator[asyncio.Event]:
        """Gives an event that is set whenever the key is rung within the block."""
        rung = asyncio.Event()
        self._waiting.setdefault(key, set()).add(rung)
        try:
            yield rung
        finally:
            waiting = self._waiting[key]
            waiting.discard(rung)
            if not waiting:
                del self._waiting[key]

    def ring(self, key: str) -> None:
        """Wakes those who wait for that key."""
        for rung in self._waiting.get(key, ()):
            rung.set()


class CommitChimes:
    """Rings once the transaction has committed; never when it is rolled back.

    Args:
        session: The transaction.
        board: Who waits.
    """

    def __init__(self, session: AsyncSession, board: BellBoard) -> None:
        self._session = session
        self._board = board
        self._keys: set[str] = set()

    def ring(self, key: str) -> None:
        """Wakes those who wait for that, once the transaction commits."""
        if not self._keys:
            event.listen(self._session.sync_session, "after_commit", self._committed, once=True)
        self._keys.add(key)

    def _committed(self, _session: Session) -> None:
        for key in self._keys:
            self._board.ring(key)
