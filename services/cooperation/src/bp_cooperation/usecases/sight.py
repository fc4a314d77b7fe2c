"""Who sees what: a record is there for those who act for one of its units and whom its handling admits, and for nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

from bp_cooperation.domain.ladder import ACTIONED, OPENED, Ladder, ladders
from bp_cooperation.domain.names import is_reply
from bp_cooperation.domain.reply import Reply
from bp_cooperation.domain.request import DRAFT, PURGED, RECALLED, Request
from bp_cooperation.usecases.access import FIND, READ_AUTHOR, Record, information_of
from bp_cooperation.usecases.asking import Caller
from bp_cooperation.usecases.work import Work
from bp_kit.errors import Refused

RecordKind = TypeVar("RecordKind", Request, Reply)


@dataclass(frozen=True)
class Sight:
    """A request or a reply as somebody sees it.

    Attributes:
        record: It.
        ladders: How far it got, for those who act for the unit that sent it; else none.
        attachment_count: How many files it has.
        withheld: Fields of it that they may not see.
    """

    record: Record
    ladders: list[Ladder]
    attachment_count: int
    withheld: tuple[Literal["officer"], ...] = ()

    @property
    def pending(self) -> list[Ladder]:
        """Those of its ladders that have not been climbed, and should be."""
        if self.record.state in (PURGED, RECALLED):
            return []
        return [ladder for ladder in self.ladders if ladder.state not in (OPENED, ACTIONED)]


def in_force(work: Work, record: RecordKind) -> RecordKind:
    """Returns a record as it may be shown: after its retention time nothing of it is, even before it is destroyed."""
    kept = record.state not in (DRAFT, PURGED, RECALLED)
    return record.purged(work.clock()) if kept and record.handling.expired(work.clock()) else record


async def see_request(work: Work, caller: Caller, name: str, *, act: str = FIND, for_change: bool = False) -> Request:
    """Returns a request that the caller may know of, and do that with.

    Raises:
        Refused: NOT_FOUND, HANDLING_FORBIDS.
    """
    return _seen(work, caller, name, await work.requests.find_seen(name, caller, for_change=for_change), act)


async def see_reply(work: Work, caller: Caller, name: str, *, act: str = FIND, for_change: bool = False) -> Reply:
    """Returns a reply that the caller may know of, and do that with.

    Raises:
        Refused: NOT_FOUND, HANDLING_FORBIDS.
    """
    return _seen(work, caller, name, await work.replies.find_seen(name, caller, for_change=for_change), act)


async def see_record(work: Work, caller: Caller, name: str, *, act: str = FIND, for_change: bool = False) -> Record:
    """Returns a request or a reply that the caller may know of, and do that with.

    Raises:
        Refused: NOT_FOUND, HANDLING_FORBIDS.
    """
    if is_reply(name):
        return await see_reply(work, caller, name, act=act, for_change=for_change)
    return await see_request(work, caller, name, act=act, for_change=for_change)


async def find_seen(work: Work, caller: Caller, name: str, *, act: str = FIND) -> Record | None:
    """Returns a record that the caller may know of, and do that with; None for any other."""
    try:
        return await see_record(work, caller, name, act=act)
    except Refused:
        return None


def _seen(work: Work, caller: Caller, name: str, found: RecordKind | None, act: str) -> RecordKind:
    if not work.access.finds(caller, information_of(found) if found else None) or found is None:
        raise Refused("NOT_FOUND", name=name)
    if act != FIND:
        work.access.require(caller, act, found)
    return in_force(work, found)


async def sights(work: Work, caller: Caller, records: list[Record]) -> list[Sight]:
    """Returns records as the caller sees them."""
    own = [record.name for record in records if record.unit in caller.units]
    rungs = await work.ladders.of_all(own)
    counts = await work.attachments.counts([record.name for record in records])
    return [
        Sight(
            record,
            ladders(rungs.get(record.name, ()), record.holders),
            counts.get(record.name, 0),
            () if work.access.allows(caller, READ_AUTHOR, record) else ("officer",),
        )
        for record in records
    ]


async def sight(work: Work, caller: Caller, record: Record) -> Sight:
    """Returns a record as the caller sees it."""
    return (await sights(work, caller, [record]))[0]


def acting_unit(caller: Caller, given: str, possible: frozenset[str], *, field: str) -> str:
    """Returns the unit that the caller acts for: the given one, or the only possible one.

    Raises:
        Refused: UNIT_NOT_CHOSEN, PERMISSION_DENIED.
    """
    own = caller.units & possible
    if given:
        if given not in own:
            raise Refused("PERMISSION_DENIED", field=field)
        return given
    if not own:
        raise Refused("PERMISSION_DENIED", field=field)
    if len(own) > 1:
        raise Refused("UNIT_NOT_CHOSEN", field=field)
    return next(iter(own))


def require_acting(caller: Caller, record: Record) -> None:
    """Refuses to change what belongs to another unit.

    Raises:
        Refused: PERMISSION_DENIED.
    """
    if record.unit not in caller.units:
        raise Refused("PERMISSION_DENIED")
