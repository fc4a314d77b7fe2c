"""Destroying what is beside a record's own row: files and their keys, entities, other wordings, what the exchange still holds."""

from __future__ import annotations

from bp_cooperation.usecases.access import Record
from bp_cooperation.usecases.work import Work


async def destroy_content(work: Work, record: Record) -> None:
    """Destroys everything of a record but its own row, which its caller empties."""
    await work.attachments.discard(await work.attachments.of(record.name))
    await work.entities.replace(record.name, (), work.clock())
    await work.revisions.forget(record.name)
    await work.carriers.forget_answers(record.name)
    await work.outlet.erase(await work.carriers.of(record.name))
