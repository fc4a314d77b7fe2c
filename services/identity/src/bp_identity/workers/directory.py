"""Keeps every country's directory of units, and the own country's knowledge of people, from going stale.

A unit's change is announced when it happens; what is announced here again covers those who were not there yet: a country that joined
later, or a node that started before it knew whom to tell. Announcements carry the unit's version, so hearing one twice is harmless.
Grants that begin or end by the calendar change nobody's record, so somebody has to look at the clock: `TurnedGrants` does.
"""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.message import DecodeError
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.identity.v1 import events_pb2
from bp_identity.adapters.directory import OutboxDirectory
from bp_identity.adapters.tables import MarkRow
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.usecases.grants import announce
from bp_kit.errors import Refused
from bp_kit.names import country_of
from bp_kit.outbox import Outbox
from bp_kit.rounds import come_round
from bp_kit.upserts import insert_of
from bp_kit.validation import check

# Whoever installs a node enrols it some minutes later, and nobody tells this service when: often at first, then now and then.
_EARLY = (timedelta(minutes=1),) * 10 + (timedelta(minutes=10), timedelta(minutes=20))
_TURNED_MARK = "grants.turned"
_TURNED_EVERY = timedelta(seconds=30)


class Announcer:
    """Announces all units of the countries served here, at start and now and then; a worker.

    Args:
        workshop: Makes the parts of a transaction.
        interval: How often, once started.
    """

    def __init__(self, workshop: Workshop, interval: timedelta) -> None:
        self._workshop = workshop
        self._interval = interval

    async def run(self) -> None:
        """Announces until cancelled."""
        early = list(_EARLY)
        await come_round(
            "identity.directory",
            lambda: self.announce(asking=bool(early)),
            lambda: early.pop(0) if early else self._interval,
        )

    async def announce(self, *, asking: bool) -> None:
        """Announces all units; asks the other countries for theirs, too, when told so."""
        async with self._workshop.database.write() as session:
            work = self._workshop.on(session)
            for unit in await work.units.of_countries(self._workshop.countries):
                await work.directory.unit_changed(unit)
            if asking:
                directory = OutboxDirectory(Outbox(session, self._workshop.seams))
                for country in self._workshop.countries:
                    await directory.request(country)

    async def answer(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Answers a node that asks for units, by telling it ours; handles `directory.requested`.

        Raises:
            Refused: INVALID_FIELD for what cannot be read, or asks in another country's name.
        """
        requested = _read(message)
        work = self._workshop.on(session)
        if country_of(requested.requester) in self._workshop.countries:
            return
        for unit in await work.units.of_countries(self._workshop.countries):
            await work.directory.unit_changed(unit, (requested.requester,))


def _read(message: topics_pb2.Message) -> events_pb2.DirectoryRequested:
    try:
        requested = events_pb2.DirectoryRequested.FromString(message.payload)
    except DecodeError:
        raise Refused("INVALID_FIELD", field="payload", description="cannot be read") from None
    check(requested)
    if requested.requester != message.author:
        raise Refused("INVALID_FIELD", field="requester", description="is not the author")
    return requested


class TurnedGrants:
    """Tells the own country's services of grants that began or ended by the calendar; a worker.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def run(self) -> None:
        """Looks until cancelled."""
        await come_round("identity.turned_grants", self.look, _TURNED_EVERY)

    async def look(self) -> None:
        """Tells of grants that turned since the last look."""
        async with self._workshop.database.write() as session:
            work = self._workshop.on(session)
            now = work.clock()
            # Of two pods that look for the first time the second waits for the first, so the row is there before it is locked.
            first = insert_of(session, MarkRow).values(name=_TURNED_MARK, time=now)
            await session.execute(first.on_conflict_do_nothing())
            mark = await session.get_one(MarkRow, _TURNED_MARK, with_for_update=True)
            for officer in await work.grants.turned(mark.time, now):
                await announce(work, officer)
            mark.time = now
