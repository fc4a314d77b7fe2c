"""What a data-protection officer has done about a person in requests and replies; the unit that sent them need not act."""

from __future__ import annotations

import json
import re

from bp_cooperation.domain.directive import DATA_SUBJECT
from bp_cooperation.domain.request import DRAFT, PURGED, RECALLED, Request
from bp_cooperation.usecases.access import Record
from bp_cooperation.usecases.destroying import destroy_content
from bp_cooperation.usecases.directives import Wording, put_right, take_back
from bp_cooperation.usecases.keeping import find, save
from bp_cooperation.usecases.work import Work
from bp_kit.names import country_of

GONE = (RECALLED, PURGED)


async def erase_record(work: Work, name: str, operation: str) -> None:
    """Destroys a record's content. What a unit here has sent is recalled, so that every holder destroys it, too, and answers."""
    record = await find(work, name)
    if record is None or record.state in GONE:
        return
    if record.state == DRAFT:
        await destroy_content(work, record)
        await (work.requests if isinstance(record, Request) else work.replies).remove(name)
    elif _is_here(work, record):
        await take_back(work, record, operation, DATA_SUBJECT)
    else:
        await destroy_content(work, record)
        await save(work, record.recalled(work.clock()))


async def correct_record(work: Work, name: str, operation: str, *, wrong: str, right: str) -> bool:
    """Puts another name in a wrong one's place in what a unit here has sent, and tells every holder; False where it is not in it.

    Raises:
        Refused: One of the BUNDLE_ reasons.
    """
    record = await find(work, name)
    if record is None or record.state in (DRAFT, *GONE) or not _is_here(work, record):
        return False
    title = record.title if isinstance(record, Request) else ""
    wording = Wording(
        text=_replaced(record.text, wrong, right),
        bundle=_replaced(record.bundle, _in_json(wrong), _in_json(right)),
        title=_replaced(title, wrong, right),
    )
    if (wording.text, wording.bundle, wording.title) == (record.text, record.bundle, title):
        return False
    await put_right(work, record, operation, DATA_SUBJECT, wording)
    return True


def _is_here(work: Work, record: Record) -> bool:
    return country_of(record.unit) in work.rules.countries


def _replaced(text: str, wrong: str, right: str) -> str:
    return re.sub(re.escape(wrong), lambda _: right, text, flags=re.IGNORECASE)


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
