"""Keeping records of both kinds, and what of them is found by search."""

from __future__ import annotations

from bp_cooperation.domain.entity import entity_of
from bp_cooperation.domain.names import is_reply
from bp_cooperation.domain.request import Request
from bp_cooperation.usecases.access import Record
from bp_cooperation.usecases.work import Work


async def find(work: Work, name: str) -> Record | None:
    """Returns the request or the reply of that name, locked, whoever asks."""
    if is_reply(name):
        return await work.replies.find(name, for_change=True)
    return await work.requests.find(name, for_change=True)


async def save(work: Work, record: Record) -> None:
    """Keeps a changed request or reply."""
    if isinstance(record, Request):
        await work.requests.save(record)
    else:
        await work.replies.save(record)


async def keep_entities(work: Work, record: Record) -> None:
    """Makes the objects of a sent record's bundle findable. Who sent it has checked its references."""
    if record.send_time is None:
        raise ValueError("only what was sent is searched")
    objects = await work.bundles.read(record.bundle, field="bundle", known=None)
    entities = [
        entity_of(one, source=record.name, unit=record.unit, handling=record.handling, send_time=record.send_time)
        for one in objects
    ]
    await work.entities.replace(record.name, entities, record.list_time)
