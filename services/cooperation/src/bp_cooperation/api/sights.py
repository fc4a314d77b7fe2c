"""Requests and replies as their callers see them, and what seeing them sets off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from bluepacific.cooperation.v1 import reply_pb2, request_pb2
from bp_cooperation.adapters.messages import reply_message, request_message, status_message
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.api.callers import current_caller
from bp_cooperation.domain.request import Request
from bp_cooperation.usecases import openings
from bp_cooperation.usecases.asking import Caller
from bp_cooperation.usecases.sight import Sight
from bp_cooperation.usecases.work import Work
from bp_kit.call import current_call

Seen = TypeVar("Seen", request_pb2.Request, reply_pb2.Reply)
# One carries what was sent; others what it was shared with, or corrected.
_MOST_CARRIERS = 10


def request_seen(sight: Sight, *, content: bool = True) -> request_pb2.Request:
    """Returns a request as its caller sees it."""
    if not isinstance(sight.record, Request):
        raise TypeError("is a reply")
    return _with_sight(sight, request_message(sight.record, content=content))


def reply_seen(sight: Sight, *, content: bool = True) -> reply_pb2.Reply:
    """Returns a reply as its caller sees it."""
    if isinstance(sight.record, Request):
        raise TypeError("is a request")
    return _with_sight(sight, reply_message(sight.record, content=content))


def _with_sight(sight: Sight, message: Seen) -> Seen:
    message.statuses.extend(status_message(ladder) for ladder in sight.ladders)
    message.attachment_count = sight.attachment_count
    for field in sight.withheld:
        message.ClearField(field)
    message.withheld_fields.extend(sight.withheld)
    return message


async def explained(workshop: Workshop, sight: Sight, message: Seen) -> Seen:
    """Returns a record as its caller sees it, with why it stands still on its way to whom.

    The exchange is asked outside of any transaction; where it cannot be asked, nothing is explained.
    """
    if not sight.pending:
        return message
    async with workshop.reading() as work:
        carriers: list[str] = sorted(await work.carriers.of(sight.record.name))
        names = {one.unit: one.display_name for one in await work.directory.named(sight.record.holders)}
    ways = await workshop.ways.of([sight.record.message_id, *carriers][:_MOST_CARRIERS])
    if ways is None:
        return message
    pending = {ladder.unit: ladder for ladder in sight.pending}
    for status in message.statuses:
        if ladder := pending.get(status.unit):
            name = names.get(status.unit, status.unit)
            workshop.ways.explain(status, ladder, ways, language=current_call().language, unit_name=name)
    return message


@asynccontextmanager
async def opening(workshop: Workshop, record: str) -> AsyncIterator[tuple[Work, Caller]]:
    """Reads a record, or what belongs to it, for who calls, then keeps that it was opened where that is news: reading stays reading.

    The two have a transaction each, one after the other: many who read at once never wait for each other's connections.

    Raises:
        Refused: NOT_FOUND.
    """
    async with workshop.reading() as work:
        caller = await current_caller(work)
        yield work, caller
        news = await openings.unopened_by(work, caller, record)
    if news:
        async with workshop.transaction() as writing:
            await openings.mark_opened(writing, caller, record)
