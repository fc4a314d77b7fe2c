"""`node resend`: hands over once more what the exchange refused for good, once its cause is mended."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import CursorResult, update

from bp_kit.database import Database
from bp_kit.tables import service_metadata
from bp_node.screen import say, say_json
from bp_node.services import NAMES, settings_of
from bp_node.settings import NodeSettings, load

_outbox = service_metadata().tables["outbox"]


def resend(directory: Path, *, as_json: bool) -> None:
    """Makes refused messages due again, running or not; a running node takes them up within seconds.

    Raises:
        CommandError: There is no node.
    """
    settings = load(directory)
    counts = asyncio.run(make_due(settings))
    if as_json:
        say_json({"node": settings.node_id, "resent": counts})
    else:
        told = ", ".join(f"{count} of {name}" for name, count in counts.items())
        say(f"{settings.node_id}: " + (f"due again: {told}" if told else "nothing was refused"))


def is_made(url: str) -> bool:
    """Tells whether a service's database is there; a SQLite file must not be made by looking."""
    return not url.startswith("sqlite") or Path(url.partition(":///")[2]).is_file()


async def make_due(settings: NodeSettings) -> dict[str, int]:
    """Makes refused messages due again and returns how many, by service."""
    counts = {}
    for name in NAMES:
        url = settings_of(name, settings).database_url
        if not is_made(url):
            continue
        database = Database(url)
        try:
            async with database.write() as session:
                done = await session.execute(update(_outbox).where(_outbox.c.refused.is_not(None)).values(refused=None))
                assert isinstance(done, CursorResult)
                if done.rowcount:
                    counts[name] = done.rowcount
        finally:
            await database.aclose()
    return counts
