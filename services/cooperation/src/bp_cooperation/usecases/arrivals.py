"""What arrives from other units: late, twice, or in another order than it was sent.

A record is owned by the country in its name. Its own country alone can open or close a request; replies come from its units alone. What
was kept once never changes, whatever arrives under its name later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bp_cooperation.domain.attachment import Attachment
from bp_cooperation.domain.ladder import EXPIRED, REFUSED, Rung
from bp_cooperation.domain.names import request_of
from bp_cooperation.domain.reply import SENT, Reply
from bp_cooperation.domain.request import CLOSED, OPEN, PRESSING, RECALLED, Request
from bp_cooperation.usecases.access import Record
from bp_cooperation.usecases.expiring import settle_expiry
from bp_cooperation.usecases.keeping import find, keep_entities, save
from bp_cooperation.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.names import country_of, require_author

_FOREIGN = "is not what its author may send"


@dataclass(frozen=True)
class Arrival:
    """What a message says of itself.

    Attributes:
        message_id: Its id.
        author: The unit that sent it, as the exchange has verified.
        recipients: The units that it is for.
        body: The whole message, to keep it while its request is missing.
    """

    message_id: str
    author: str
    recipients: tuple[str, ...]
    body: bytes


async def keep_request(work: Work, arrival: Arrival, request: Request, attachments: Sequence[Attachment]) -> None:
    """Keeps a request that concerns units here and notifies them; a repeat changes nothing.

    Raises:
        Refused: PERMISSION_DENIED, INVALID_FIELD, ALREADY_EXISTS, CONTENT_EXPIRED, or one of the BUNDLE_ reasons.
    """
    require_author(arrival.author, request.name)
    require_wanted(request, arrival, states=(OPEN,))
    known = await work.requests.find(request.name, for_change=True)
    if known is None:
        if not await keep_first(work, request, arrival, attachments):
            return
    elif _is_news(known, arrival):
        await work.requests.save(known.arrived(work.clock()))
    else:
        return
    for unit in _here(work, request.recipients):
        await work.outlet.tell_of_request(request, unit)


async def keep_reply(work: Work, arrival: Arrival, reply: Reply, attachments: Sequence[Attachment]) -> None:
    """Keeps a reply that concerns units here and notifies them; while its request is missing, only the message.

    Raises:
        Refused: PERMISSION_DENIED, INVALID_FIELD, ALREADY_EXISTS, CONTENT_EXPIRED, or one of the BUNDLE_ reasons.
    """
    request = await work.requests.find(request_of(reply.name), for_change=True)
    if request is None:
        await _require_awaited(work, reply)
        await work.waiting.add(arrival.message_id, request_of(reply.name), arrival.body, work.clock())
        return
    _require_of_conversation(request, arrival, reply)
    known = await work.replies.find(reply.name, for_change=True)
    tightened = replace(reply, handling=request.handling.tightened(reply.handling))
    if known is None:
        if not await keep_first(work, tightened, arrival, attachments):
            return
    elif _is_news(known, arrival):
        await work.replies.save(known.arrived(work.clock()))
    else:
        return
    for unit in _here(work, reply.recipients):
        await work.outlet.tell_of_reply(reply, unit, urgent=request.urgency in PRESSING)


async def keep_closing(work: Work, arrival: Arrival, name: str, close_time: datetime) -> None:
    """Closes a request as its unit says; while it is missing, keeps the message.

    Raises:
        Refused: PERMISSION_DENIED.
    """
    require_author(arrival.author, name)
    request = await work.requests.find(name, for_change=True)
    if request is None:
        await work.waiting.add(arrival.message_id, name, arrival.body, work.clock())
        return
    if arrival.author != request.unit:
        raise Refused("PERMISSION_DENIED")
    if request.state == OPEN:
        await work.requests.save(request.closed(close_time))


async def keep_receipt(work: Work, message_id: str, rung: Rung) -> None:
    """Keeps what became of something sent from here at one of its recipients; of anything else, nothing."""
    name = await work.carriers.carried_by(message_id)
    record = await find(work, name) if name else None
    if record and rung.unit in record.holders:
        await work.ladders.add(record.name, [rung])
        if rung.state in (EXPIRED, REFUSED):
            await settle_expiry(work, record, rung.unit)


def _require_of_conversation(request: Request, arrival: Arrival, reply: Reply) -> None:
    """Refuses a reply of somebody whom the request does not concern, or to somebody whom it does not."""
    if request.state == RECALLED:
        raise Refused("RECORD_RECALLED")
    if request.state not in (OPEN, CLOSED):
        raise Refused("CONTENT_EXPIRED")
    if arrival.author not in request.units:
        raise Refused("PERMISSION_DENIED")
    fits = reply.unit == arrival.author and reply.state == SENT and {*reply.recipients} <= {*request.units}
    if not fits:
        raise Refused("INVALID_FIELD", field="payload", description=_FOREIGN)


def _is_news(known: Record, arrival: Arrival) -> bool:
    """Tells the first arrival of what was sent from this node to units of this node from a repeat.

    Raises:
        Refused: ALREADY_EXISTS, where something else was kept under the name.
    """
    if known.message_id != arrival.message_id:
        raise Refused("ALREADY_EXISTS", name=known.name)
    return known.arrive_time is None


def _received(work: Work, record: Record, arrival: Arrival) -> Record:
    now = work.clock()
    handling = record.handling.including(country_of(record.unit))
    if handling.retention_time is None:
        handling = replace(handling, retention_time=now + work.rules.retention)
    if handling.expired(now):
        raise Refused("CONTENT_EXPIRED")
    return replace(record.carried_by(arrival.message_id).arrived(now), handling=handling, list_time=now)


def require_wanted(request: Request, arrival: Arrival, *, states: Collection[str]) -> None:
    """Refuses a request that another unit sends, or in a state in which none is sent.

    Raises:
        Refused: INVALID_FIELD.
    """
    if request.unit != arrival.author or request.state not in states:
        raise Refused("INVALID_FIELD", field="payload", description=_FOREIGN)


async def keep_first(work: Work, record: Record, arrival: Arrival, attachments: Sequence[Attachment]) -> bool:
    """Keeps what has not been here; of what was recalled before it came, only that it was, and then returns False.

    Raises:
        Refused: ALREADY_EXISTS, CONTENT_EXPIRED, or one of the BUNDLE_ reasons.
    """
    received = _received(work, record, arrival)
    if await work.directives.recall_of(record.name, record.unit):
        await save(work, received.recalled(work.clock()))
        await work.attachments.discard(attachments)
        await work.outlet.erase([arrival.message_id])
        return False
    await _add(work, received, arrival, attachments)
    return True


async def _require_awaited(work: Work, reply: Reply) -> None:
    """Refuses to keep a reply, while its request is missing, that will never be shown.

    Raises:
        Refused: RECORD_RECALLED.
    """
    recalled = await work.directives.recall_of(reply.name, reply.unit)
    if recalled or await work.directives.recall_of(request_of(reply.name)):
        raise Refused("RECORD_RECALLED")


async def _add(work: Work, record: Record, arrival: Arrival, attachments: Iterable[Attachment]) -> None:
    await work.carriers.add(record.name, arrival.message_id)
    if isinstance(record, Request):
        await work.requests.add(record)
    else:
        await work.replies.add(record)
    for attachment in attachments:
        if await work.attachments.find(attachment.name):
            raise Refused("ALREADY_EXISTS", name=attachment.name)
        await work.attachments.add(attachment)
    await keep_entities(work, record)


def _here(work: Work, units: Iterable[str]) -> list[str]:
    return [unit for unit in units if country_of(unit) in work.rules.countries]
