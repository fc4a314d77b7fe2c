"""Requests and replies as their callers see them, and what seeing them sets off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bluepacific.cooperation.v1 import reply_pb2, request_pb2
from bp_cooperation.adapters.messages import reply_message, request_message, status_message
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.domain.request import Request
from bp_cooperation.usecases import openings
from bp_cooperation.usecases.sight import Sight
from bp_cooperation.usecases.work import Caller, Work


def request_seen(sight: Sight, *, content: bool = True) -> request_pb2.Request:
    """Returns a request as its caller sees it."""
    if not isinstance(sight.record, Request):
        raise TypeError("is a reply")
    message = request_message(sight.record, content=content)
    message.statuses.extend(status_message(ladder) for ladder in sight.ladders)
    message.attachment_count = sight.attachment_count
    return message


def reply_seen(sight: Sight, *, content: bool = True) -> reply_pb2.Reply:
    """Returns a reply as its caller sees it."""
    if isinstance(sight.record, Request):
        raise TypeError("is a request")
    message = reply_message(sight.record, content=content)
    message.statuses.extend(status_message(ladder) for ladder in sight.ladders)
    message.attachment_count = sight.attachment_count
    return message


@asynccontextmanager
async def opening(workshop: Workshop, caller: Caller, record: str) -> AsyncIterator[Work]:
    """Reads a record, or what belongs to it, then keeps that it was opened where that is news: reading stays reading.

    The two have a transaction each, one after the other: many who read at once never wait for each other's connections.

    Raises:
        Refused: NOT_FOUND.
    """
    async with workshop.reading() as work:
        yield work
        news = await openings.unopened_by(work, caller, record)
    if news:
        async with workshop.transaction() as writing:
            await openings.mark_opened(writing, caller, record)
