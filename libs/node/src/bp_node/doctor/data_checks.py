"""Checks of the services' databases, SQLite or PostgreSQL: readable, up to date, and nothing in them that waits for a person."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit.database import Database
from bp_kit.tables import service_metadata
from bp_node.doctor.finding import CannotLookError, Finding, Patient
from bp_node.migrating import head_of, knows
from bp_node.resending import is_made
from bp_node.services import NAMES, settings_of

# The driver's own, too: they come as they are while a connection is being made.
_UNREADABLE = (SQLAlchemyError, sqlite3.Error, OSError)
_outbox = service_metadata().tables["outbox"]


async def check_schemas(patient: Patient) -> AsyncIterator[Finding]:
    """Every database can be read and is of this release."""
    place = patient.settings.folder
    behind = []
    for name in NAMES:
        try:
            async with _reading(patient, name) as session:
                if session is None:
                    continue
                revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
        except _UNREADABLE as error:
            yield _unreadable(name, error)
            continue
        if revision and not knows(f"bp_{name}", revision):
            yield Finding(f"the data of {name} is of a newer release than this software", "git pull && make setup")
        elif revision != head_of(f"bp_{name}"):
            behind.append(name)
    if behind:
        stop = f"{patient.systemctl('stop', 'stop the node')}, then " if patient.running else ""
        yield Finding(
            f"migrations are pending for {', '.join(behind)}", f"{stop}bluepacific migrate --dir {place}", urgent=False
        )


async def check_outboxes(patient: Patient) -> AsyncIterator[Finding]:
    """Nothing that a service sent was refused by the exchange for good."""
    for name in NAMES:
        try:
            async with _reading(patient, name) as session:
                if session is None:
                    continue
                rows = await session.execute(
                    select(_outbox.c.refused, func.count(), func.min(_outbox.c.create_time))
                    .where(_outbox.c.refused.is_not(None))
                    .group_by(_outbox.c.refused)
                )
                found = rows.all()
        except _UNREADABLE as error:
            raise CannotLookError(f"the database of {name} cannot be read") from error
        for code, count, since in found:
            yield Finding(
                f"{count} messages of {name} were refused ({code}), the oldest of {since:%Y-%m-%d %H:%M} UTC: nobody gets them",
                f"bluepacific node resend --dir {patient.settings.folder}",
            )


@asynccontextmanager
async def _reading(patient: Patient, name: str) -> AsyncIterator[AsyncSession | None]:
    """Gives a session; None where a database was never made, and must not be made by looking."""
    url = settings_of(name, patient.settings).database_url
    if not is_made(url):
        yield None
        return
    database = Database(url)
    try:
        async with database.read() as session:
            yield session
    finally:
        await database.aclose()


def _unreadable(name: str, error: Exception) -> Finding:
    why = str(getattr(error, "orig", None) or error).splitlines()[0]
    return Finding(f"the database of {name} cannot be read: {why}", "bluepacific node restore BACKUP --dir NEW")
