"""What holders answer to directives, and what is still awaited."""

from __future__ import annotations

from bp_cooperation.domain.directive import EXPIRY, RECALL, REFUSED, Answer, settled
from bp_cooperation.domain.ladder import RECALLED, Rung
from bp_cooperation.usecases.expiring import awaited_expiry
from bp_cooperation.usecases.keeping import find
from bp_cooperation.usecases.work import Transactions, Work
from bp_kit.errors import Refused

_BATCH = 50


async def keep_answer(work: Work, author: str, *, record_name: str, kind: str, answer: Answer) -> None:
    """Keeps what a holder of something sent from here answers; the first word counts.

    Raises:
        Refused: PERMISSION_DENIED, NOT_FOUND.
    """
    record = await find(work, record_name)
    if answer.unit != author or record is None or author not in record.holders:
        raise Refused("PERMISSION_DENIED")
    if kind == EXPIRY:
        directive = await awaited_expiry(work, record)
    else:
        found = await work.directives.find(answer.directive, for_change=True)
        if found is None:
            raise Refused("NOT_FOUND", name=answer.directive)
        directive = found
    if directive.name != answer.directive or directive.record != record_name or directive.kind != kind:
        raise Refused("PERMISSION_DENIED")
    given = (await work.directives.answers([directive.name])).get(directive.name, [])
    known = next((one for one in given if one.unit == author), None)
    if known is None:
        raise Refused("PERMISSION_DENIED")
    await work.directives.save_answer(directive, settled(known, answer))
    if kind == RECALL and answer.state != REFUSED and answer.answer_time:
        await work.ladders.add(record_name, [Rung(author, RECALLED, answer.answer_time)])


async def tell_of_overdue(transactions: Transactions) -> int:
    """Notifies units, once a directive, that holders have not answered in time; returns how many directives."""
    total = 0
    while told := await _tell_of_some(transactions):
        total += told
    return total


async def _tell_of_some(transactions: Transactions) -> int:
    async with transactions() as work:
        due = await work.directives.overdue(work.clock(), _BATCH)
        for directive in due:
            await work.directives.save(directive.noted_overdue())
            record = await find(work, directive.record)
            if record is not None:
                await work.outlet.tell("cooperation.answers_overdue", record, directive.unit)
        return len(due)
