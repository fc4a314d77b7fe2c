"""One service's database: SQLite (embedded, one writer) or PostgreSQL, and the transaction of the current call.

One RPC or one job is one transaction. The pipeline opens and ends it; use cases never commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from bp_kit.away import commit_told, tell_refused_connections

_READERS = 3
_current: ContextVar[AsyncSession | None] = ContextVar("bp_kit_session", default=None)


class Database:
    """Connections to one database.

    Args:
        url: `sqlite+aiosqlite:////path/file.sqlite` or `postgresql+asyncpg://…`.
        secure_delete: On SQLite, overwrite what is deleted: it costs writes, and leaves nothing of it in the file.
        foreign_keys: On SQLite, refuse a row that lacks the row it refers to.
    """

    def __init__(self, url: str, *, secure_delete: bool = False, foreign_keys: bool = True) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.changed = asyncio.Event()
        if self.is_sqlite:
            self._writer = _sqlite_engine(
                url, pool_size=1, begin="BEGIN IMMEDIATE", secure_delete=secure_delete, foreign_keys=foreign_keys
            )
            self._reader = _sqlite_engine(url, pool_size=_READERS, begin="BEGIN")
        else:
            self._writer = create_async_engine(
                url, pool_size=8, max_overflow=4, pool_pre_ping=True, hide_parameters=True
            )
            tell_refused_connections(self._writer)
            self._reader = self._writer.execution_options(postgresql_readonly=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A read-only transaction, rolled back at the end."""
        async with AsyncSession(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction, committed at the end and rolled back on any error. Wakes the outbox relay after its commit.

        Raises:
            UncertainError: The database went away while it committed.
        """
        async with (
            commit_told() as done,
            AsyncSession(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session
            done.append(True)
        if session.info.get("outbox"):
            self.changed.set()

    @asynccontextmanager
    async def driver(self) -> AsyncIterator[Any]:
        """A connection of the driver's own, outside of transactions, closed at the end: for what SQLAlchemy has no word for."""
        async with self._writer.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            # No longer the pool's: what it was told must not meet the next user, and leaving closes it, cancelled or not.
            await connection.run_sync(lambda taken: taken.detach())
            yield driver

    async def scrub(self) -> None:
        """Has SQLite's log of writes hold nothing any more of what was deleted, unless somebody reads at this moment.

        PostgreSQL does so by its vacuum and the recycling of its own log.
        """
        if self.is_sqlite:
            async with self.driver() as connection:
                await connection.execute("PRAGMA busy_timeout=1000")
                await connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def ping(self) -> None:
        """Answers when the database does.

        Raises:
            sqlalchemy.exc.DBAPIError: It does not.
        """
        async with self.read() as session:
            await session.execute(text("SELECT 1"))

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._reader.dispose()
        await self._writer.dispose()


def current_session() -> AsyncSession:
    """Returns the session of the RPC being served.

    Raises:
        LookupError: Outside of a unary RPC; streams and jobs open their own.
    """
    session = _current.get()
    if session is None:
        raise LookupError("no transaction here: streams and jobs open their own")
    return session


@contextmanager
def session_entered(session: AsyncSession) -> Iterator[None]:
    """Makes it the current session within the block; for the pipeline and for tests."""
    token = _current.set(session)
    try:
        yield
    finally:
        _current.reset(token)


def _sqlite_engine(
    url: str, *, pool_size: int, begin: str, secure_delete: bool = False, foreign_keys: bool = True
) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=30, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # The driver's own implicit BEGIN would come too late for BEGIN IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        # First, so that the next one waits where it must.
        cursor.execute("PRAGMA busy_timeout=15000")
        cursor.execute("PRAGMA journal_mode=WAL")
        # NORMAL loses acknowledged commits when power fails.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        if secure_delete:
            cursor.execute("PRAGMA secure_delete=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
