"""Writing, sending and finding replies."""

from __future__ import annotations

from dataclasses import dataclass

from bp_cooperation.domain.handling import Handling
from bp_cooperation.domain.ladder import QUEUED, Rung
from bp_cooperation.domain.names import request_of
from bp_cooperation.domain.reply import DRAFT, Reply, audience
from bp_cooperation.usecases.access import FIND, READ, REPLY, Record
from bp_cooperation.usecases.asking import Caller, Listing
from bp_cooperation.usecases.keeping import keep_entities
from bp_cooperation.usecases.sight import (
    Sight,
    acting_unit,
    in_force,
    require_acting,
    see_reply,
    see_request,
    sight,
    sights,
)
from bp_cooperation.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.listing import Listed
from bp_kit.names import country_of


@dataclass(frozen=True)
class ReplyContent:
    """What the author of a reply says; handling None: the request's."""

    text: str
    to_requester_only: bool
    handling: Handling | None
    bundle: str


async def create_reply(work: Work, caller: Caller, request_name: str, *, unit: str, content: ReplyContent) -> Sight:
    """Writes a draft.

    Raises:
        Refused: NOT_FOUND, REQUEST_NOT_OPEN, PERMISSION_DENIED, UNIT_NOT_CHOSEN, INVALID_FIELD, RETENTION_TIME_INVALID,
            RECIPIENT_NOT_RELEASABLE, OPERATION_MIXED, HANDLING_FORBIDS, or one of the BUNDLE_ reasons.
    """
    request = await see_request(work, caller, request_name, act=REPLY)
    request.require_open()
    acting = acting_unit(caller, unit, frozenset(request.units), field="reply.unit")
    asked = _asked(work, request.handling, content.handling, country_of(acting))
    if asked.operation not in ("", request.handling.operation) and request.handling.operation:
        raise Refused("OPERATION_MIXED", field="reply.handling.operation")
    recipients = audience(request, acting, asked, to_requester_only=content.to_requester_only)
    now = work.clock()
    reply = Reply(
        name=f"{request.name}/replies/{work.ids()}",
        unit=acting,
        officer=caller.name,
        text=content.text,
        to_requester_only=content.to_requester_only,
        recipients=recipients,
        handling=request.handling.tightened(asked),
        bundle=content.bundle,
        state=DRAFT,
        create_time=now,
        list_time=now,
    )
    work.access.require(caller, FIND, reply)
    known = await work.entities.ids_known_to(acting, request.name, reply.handling.operation)
    await work.bundles.read(reply.bundle, field="reply.bundle", known=known)
    await work.replies.add(reply)
    return await sight(work, caller, reply)


async def get_reply(work: Work, caller: Caller, name: str) -> Sight:
    """Returns a reply.

    Raises:
        Refused: NOT_FOUND.
    """
    return await sight(work, caller, await see_reply(work, caller, name, act=READ))


async def list_replies(work: Work, listing: Listing) -> Listed[Sight]:
    """Returns a page of a request's replies that the caller's units may see, oldest first.

    Raises:
        Refused: NOT_FOUND, INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    await see_request(work, listing.seer, listing.parent)
    page = await work.replies.page(listing)
    records: list[Record] = [in_force(work, reply) for reply in page.items]
    return Listed(await sights(work, listing.seer, records), page.next_token)


async def delete_reply(work: Work, caller: Caller, name: str) -> None:
    """Deletes a draft with its files.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ALREADY_SENT.
    """
    reply = await _own_draft(work, caller, name)
    await work.attachments.discard(await work.attachments.of(reply.name))
    await work.replies.remove(reply.name)


async def send_reply(work: Work, caller: Caller, name: str) -> Sight:
    """Sends a draft to its recipients.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ALREADY_SENT, CONTENT_MISSING, REQUEST_NOT_OPEN, CONTENT_EXPIRED.
    """
    draft = await _own_draft(work, caller, name)
    request = await see_request(work, caller, request_of(name))
    if draft.handling.expired(work.clock()):
        raise Refused("CONTENT_EXPIRED")
    request.require_open()
    attachments = await work.attachments.of(name)
    sent = draft.sent(caller.name, work.clock(), attachments=len(attachments))
    sent = sent.carried_by(await work.outlet.reply_sent(sent, request.urgency, attachments))
    await work.replies.save(sent)
    await work.carriers.add(name, sent.message_id)
    await keep_entities(work, sent)
    await work.ladders.add(name, [Rung(unit, QUEUED, sent.list_time) for unit in sent.recipients])
    return await sight(work, caller, sent)


def _asked(work: Work, usual: Handling, given: Handling | None, country: str) -> Handling:
    """Returns the handling that a reply's author asks for."""
    if given is None:
        return usual
    if given.retention_time is None:
        return given.including(country)
    rules = work.rules
    return given.including(country).retained(
        work.clock(), usual=rules.retention, longest=rules.longest_retention, field="reply.handling"
    )


async def _own_draft(work: Work, caller: Caller, name: str) -> Reply:
    reply = await see_reply(work, caller, name, for_change=True)
    require_acting(caller, reply)
    reply.require_draft()
    return reply
