"""Expiry is a directive that nobody has to tell: every holder knows the retention time, destroys, and says so to the unit that sent it."""

from __future__ import annotations

from bp_cooperation.domain import directive as directives
from bp_cooperation.domain.directive import Answer, Directive, done, expiry_name
from bp_cooperation.domain.ladder import EXPIRED, REFUSED, ladders
from bp_cooperation.usecases.access import Record
from bp_cooperation.usecases.work import Work
from bp_kit.names import country_of


async def answer_expiry(work: Work, record: Record) -> None:
    """Awaits the holders' word on what was sent from here; gives its own on what was received here."""
    directive = await awaited_expiry(work, record) if _is_here(work, record.unit) else _expiry(work, record)
    opened = await work.ladders.opened(record.name)
    for unit in record.holders:
        if record.arrive_time and _is_here(work, unit):
            await work.outlet.directive_answered(directive, done(directive.name, unit, work.clock(), opened.get(unit)))


async def awaited_expiry(work: Work, record: Record) -> Directive:
    """Returns the directive that gathers the answers; makes it where a holder's clock is ahead, and its word the first of it."""
    known = await work.directives.find(expiry_name(record.name), for_change=True)
    if known:
        return known
    directive = _expiry(work, record)
    await work.directives.save(directive)
    standing = {one.unit: one.state for one in ladders(await work.ladders.of(record.name), record.holders)}
    for unit in record.holders:
        held = standing.get(unit) not in (REFUSED, EXPIRED)
        state = directives.AWAITED if held else directives.NOT_HELD
        await work.directives.save_answer(directive, Answer(directive.name, unit, state))
    return directive


async def settle_expiry(work: Work, record: Record, unit: str) -> None:
    """Awaits no word from a unit that, as its node or this one has said, never got it."""
    directive = await work.directives.find(expiry_name(record.name))
    if directive is None:
        return
    answers = (await work.directives.answers([directive.name])).get(directive.name, [])
    if any(one.unit == unit and one.state == directives.AWAITED for one in answers):
        gone = Answer(directive.name, unit, directives.NOT_HELD, answer_time=work.clock())
        await work.directives.save_answer(directive, gone)


def _expiry(work: Work, record: Record) -> Directive:
    now = work.clock()
    return Directive(
        name=expiry_name(record.name),
        record=record.name,
        kind=directives.EXPIRY,
        unit=record.unit,
        officer="",
        ground=directives.RETENTION,
        create_time=record.handling.retention_time or now,
        due_time=now + work.rules.answer_time,
    )


def _is_here(work: Work, unit: str) -> bool:
    return country_of(unit) in work.rules.countries
