"""Proofs of possession that were taken: each is good for one request, whichever pod the request comes to.

A proof is for one address, and an address leads to one service; so the service that answers keeps what it took, and neither gateways nor
services need ask each other. Where pods share a database (PostgreSQL) the proofs stand there; a service on SQLite is one process and
remembers them by itself, which costs no write. A call that a channel tries again is the same request: the gateway marks each that it gets,
and with its mark the proof may come again. What is lost: PostgreSQL need not have a proof on disk before the request goes on, and a
process that starts again has forgotten. So whoever overheard a request may repeat it within its minute, if the database broke down or, on
SQLite, the node was restarted in between.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import delete, text

from bp_kit.away import UncertainError
from bp_kit.database import Database
from bp_kit.errors import Refused
from bp_kit.ports import Clock
from bp_kit.proofs import WINDOW_SECONDS, Proof
from bp_kit.tables import service_metadata
from bp_kit.upserts import insert_of

# From when it was taken: one from a clock that is ahead counts for twice the window.
_KEPT_SECONDS = 2 * WINDOW_SECONDS
_LONGEST_MARK = 32
_REMEMBERED = 100_000
_proof = service_metadata().tables["proof"]


class Taken(Protocol):
    """Takes each proof once."""

    async def take(self, proof: Proof, request: str = "") -> None:
        """Takes it.

        Args:
            proof: The proof.
            request: The mark of the request that it came with; empty: it is not tried again.

        Raises:
            Refused: TOKEN_INVALID: it was taken before, for another request.
        """
        ...


class TakenHere(Taken):
    """In the memory of this process.

    Args:
        now: Seconds since the epoch.
        remembered: How many proofs are known again; of more, the oldest are forgotten.
    """

    def __init__(self, now: Callable[[], float], remembered: int = _REMEMBERED) -> None:
        self._now = now
        self._remembered = remembered
        self._seen: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def take(self, proof: Proof, request: str = "") -> None:
        """Takes it."""
        now, mark = self._now(), proof.mark
        while self._seen and (len(self._seen) >= self._remembered or next(iter(self._seen.values()))[0] < now):
            self._seen.popitem(last=False)
        if mark in self._seen and not (request and self._seen[mark][1] == request):
            raise Refused("TOKEN_INVALID")
        self._seen.setdefault(mark, (now + _KEPT_SECONDS, request))


class TakenByAll(Taken):
    """In the database that the pods of a service share.

    Args:
        database: PostgreSQL.
        clock: The time now, in UTC.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._tidied = clock()

    async def take(self, proof: Proof, request: str = "") -> None:
        """Takes it."""
        try:
            taken = await self._insert(proof.mark, request[:_LONGEST_MARK], self._clock())
        except UncertainError:
            # The holder makes another one.
            raise Refused("UNAVAILABLE") from None
        if not taken:
            raise Refused("TOKEN_INVALID")

    async def _insert(self, mark: str, request: str, now: datetime) -> bool:
        kept = timedelta(seconds=_KEPT_SECONDS)
        async with self._database.write() as session:
            # Others see it once this is committed; that it is on disk is not worth the wait.
            await session.execute(text("SET LOCAL synchronous_commit TO off"))
            if now - self._tidied > kept:
                self._tidied = now
                await session.execute(delete(_proof).where(_proof.c.expire_time < now))
            row = insert_of(session, _proof).values(mark=mark, request=request, expire_time=now + kept)
            again = row.on_conflict_do_update(
                index_elements=["mark"],
                set_={"request": request, "expire_time": now + kept},
                where=(_proof.c.expire_time < now) | ((_proof.c.request == request) & (_proof.c.request != "")),
            )
            return await session.scalar(again.returning(_proof.c.mark)) is not None


def taken_in(database: Database, clock: Clock) -> Taken:
    """Returns what takes the proofs of a service with this database."""
    return TakenHere(lambda: clock().timestamp()) if database.is_sqlite else TakenByAll(database, clock)
