"""A database that is away: restarting, ending, or not to be reached. Told alike, whoever meets it, so that all wait and nobody breaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

# PostgreSQL ends or starts: https://www.postgresql.org/docs/current/errcodes-appendix.html, operator intervention and connection exception.
_ENDING = ("57P01", "57P02", "57P03", "08")


class UncertainError(SQLAlchemyError):
    """The database went away while a transaction was being committed: whether it took effect is not known."""


def tell_refused_connections(engine: AsyncEngine) -> None:
    """Has an engine say OperationalError whenever it cannot connect: what asyncpg says then comes as it is, or as any error."""

    @event.listens_for(engine.sync_engine, "do_connect")
    def _connect(dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        try:
            return dialect.connect(*arguments, **options)
        except (OSError, dialect.loaded_dbapi.Error) as error:
            told = dialect.loaded_dbapi.OperationalError(str(error) or type(error).__name__, error)
            told.refused = True
            raise told from error


@asynccontextmanager
async def commit_told() -> AsyncIterator[list[bool]]:
    """Within the block a transaction is run; its body appends to the list that is given once it has ended well.

    Raises:
        UncertainError: The commit then did not answer.
    """
    done: list[bool] = []
    try:
        yield done
    except DBAPIError as error:
        if done and is_away(error):
            raise UncertainError(str(error.orig)) from error
        raise


def is_away(error: BaseException) -> bool:
    """Tells whether an error is of a database that is away, or has no connection left to give. What was begun did not take effect."""
    if isinstance(error, NoConnectionError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = str(getattr(error.orig, "sqlstate", "") or "")
    return error.connection_invalidated or hasattr(error.orig, "refused") or state.startswith(_ENDING)
