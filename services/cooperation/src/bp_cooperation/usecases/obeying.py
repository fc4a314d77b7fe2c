"""What a holder's node does when it is told about something that it holds, has held, or will never show.

Only the unit that sent a record can tell anything about it. A recall is obeyed whatever the order of arrival: what comes after it is never
shown. Everything else waits for its record. A repeat is answered by nothing: its first arrival was.
"""

from __future__ import annotations

from bp_cooperation.domain.directive import (
    CORRECTION,
    HANDLING,
    NOT_HELD,
    RECALL,
    REFUSED,
    Answer,
    Directive,
    Revision,
    done,
)
from bp_cooperation.domain.names import request_of
from bp_cooperation.domain.request import PURGED, RECALLED, require_kept
from bp_cooperation.usecases.access import Record
from bp_cooperation.usecases.arrivals import Arrival
from bp_cooperation.usecases.destroying import destroy_content
from bp_cooperation.usecases.directives import rehandle, reword
from bp_cooperation.usecases.keeping import find, save
from bp_cooperation.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.names import country_of, require_author

_NOTIFICATIONS = {
    RECALL: "cooperation.record_recalled",
    CORRECTION: "cooperation.record_corrected",
    HANDLING: "cooperation.handling_changed",
}


async def obey(work: Work, arrival: Arrival, directive: Directive, revision: Revision | None) -> None:
    """Does what a record's unit tells its holders, and answers for each of them that is here.

    Raises:
        Refused: PERMISSION_DENIED, ALREADY_EXISTS, INVALID_FIELD, EXERCISE_MIXED, or one of the BUNDLE_ reasons.
    """
    if directive.unit != arrival.author:
        raise Refused("PERMISSION_DENIED")
    known = await work.directives.find(directive.name, for_change=True)
    if known and known.arrive_time:
        return
    if known and (known.record, known.kind, known.unit) != (directive.record, directive.kind, directive.unit):
        raise Refused("ALREADY_EXISTS", name=directive.name)
    record = await find(work, directive.record)
    if record is None and directive.kind != RECALL:
        await work.waiting.add(arrival.message_id, request_of(directive.record), arrival.body, work.clock())
        return
    if record is not None and (record.unit != directive.unit):
        raise Refused("PERMISSION_DENIED")
    if record is None:
        _require_own(directive)
    await work.directives.save((known or directive).arrived(work.clock()))
    if record is None:
        now = work.clock()
        answers = [Answer(directive.name, unit, NOT_HELD, answer_time=now) for unit in _here(work, arrival)]
    else:
        answers = await _done(work, arrival, record, directive, revision)
    for answer in answers:
        await work.outlet.directive_answered(directive, answer)


async def refuse(work: Work, arrival: Arrival, directive: Directive, ground: str) -> None:
    """Tells a unit that what it told about its own record is not done, and why; whoever speaks for another is told nothing."""
    if directive.unit != arrival.author:
        return
    for unit in _here(work, arrival):
        answer = Answer(directive.name, unit, REFUSED, ground, work.clock())
        await work.outlet.directive_answered(directive, answer)


def _require_own(directive: Directive) -> None:
    """Of a request that is not here its name tells at least the country."""
    if directive.record == request_of(directive.record):
        require_author(directive.unit, directive.record)


async def _done(
    work: Work,
    arrival: Arrival,
    record: Record,
    directive: Directive,
    revision: Revision | None,
) -> list[Answer]:
    opened = await work.ladders.opened(record.name)
    now, units = work.clock(), _here(work, arrival)
    answers = [done(directive.name, unit, now, opened.get(unit)) for unit in units]
    if directive.kind == RECALL:
        await _give_up(work, record)
    else:
        try:
            require_kept(record.state)
        except Refused as refused:
            return [Answer(directive.name, unit, REFUSED, refused.reason, now, opened.get(unit)) for unit in units]
        if directive.kind == CORRECTION and revision:
            await work.carriers.add(record.name, arrival.message_id)
            await reword(work, record, revision)
        else:
            await _rehandle(work, record, directive)
    for unit in units:
        await work.outlet.tell(_NOTIFICATIONS[directive.kind], record, unit, urgent=directive.kind == RECALL)
    return answers


def _here(work: Work, arrival: Arrival) -> list[str]:
    return [unit for unit in arrival.recipients if country_of(unit) in work.rules.countries]


async def _give_up(work: Work, record: Record) -> None:
    if record.state in (RECALLED, PURGED):
        return
    await destroy_content(work, record)
    await save(work, record.recalled(work.clock()))


async def _rehandle(work: Work, record: Record, directive: Directive) -> None:
    """Also takes it from a node none of whose units may have it any more."""
    changed = await rehandle(work, record, directive)
    if not any(country_of(unit) in work.rules.countries for unit in changed.units):
        await _give_up(work, changed)
