"""What tests of keeping and destroying have in common: a clock that jumps, the keeper, and a look at all that is kept."""

from datetime import UTC, datetime, timedelta

from bureau import AMBER
from sqlalchemy import text

from bluepacific.common.v1 import handling_pb2
from bp_access.deciding import Decider
from bp_cooperation.adapters.sealed_files import SealedFiles
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.adapters.ways import Ways
from bp_cooperation.settings import CooperationSettings
from bp_cooperation.usecases.access import Access
from bp_cooperation.workers.retention import Keeper

# Seconds that tokens last here, where days go by.
FOR_EVER = 10_000_000


class Clock:
    """Goes on by itself only when told so."""

    def __init__(self):
        self.ahead = timedelta(0)

    def __call__(self):
        return datetime.now(UTC) + self.ahead


async def purge(bureau):
    under_test = bureau.under_test
    seams, database = under_test.seams, under_test.service.database
    rules = CooperationSettings(database_url=database.url).rules(seams.country)
    workshop = Workshop(database, seams, rules, Ways(seams), Access(Decider()))
    await Keeper(workshop, SealedFiles(seams.blobs), timedelta(hours=1)).purge()


def for_days(days):
    handling = handling_pb2.Handling(tlp=AMBER.tlp, purpose=AMBER.purpose)
    handling.retention_time.FromDatetime(datetime.now(UTC) + timedelta(days=days))
    return handling


async def everything(bureau):
    """Returns all that the database holds, as text."""
    found = []
    async with bureau.under_test.service.database.read() as session:
        for table in (
            "request",
            "reply",
            "entity",
            "attachment",
            "idempotency",
            "outbox",
            "waiting",
            "revision",
            "directive",
        ):
            found += [repr(tuple(row)) for row in await session.execute(text(f"SELECT * FROM {table}"))]
    return "\n".join(found)
