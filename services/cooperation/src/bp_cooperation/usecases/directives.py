"""What a unit still does about what it has sent: recall, correct, change the conditions; and who has not answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from bp_cooperation.domain.directive import CORRECTION, HANDLING, RECALL, Answer, Directive, Revision
from bp_cooperation.domain.handling import Handling
from bp_cooperation.domain.names import request_of
from bp_cooperation.domain.request import PURGED, Request
from bp_cooperation.usecases.access import FIND, READ, Record
from bp_cooperation.usecases.asking import Caller, Listing
from bp_cooperation.usecases.destroying import destroy_content
from bp_cooperation.usecases.keeping import keep_entities, save
from bp_cooperation.usecases.sight import Sight, find_seen, require_acting, see_record, see_request, sight
from bp_cooperation.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.listing import Listed
from bp_kit.names import country_of


@dataclass(frozen=True)
class Wording:
    """What a correction says; a reply has no title."""

    text: str
    bundle: str
    title: str = ""


@dataclass(frozen=True)
class Told:
    """A directive as somebody sees it: with its answers, for those who act for its unit."""

    directive: Directive
    answers: list[Answer]


async def recall(work: Work, caller: Caller, name: str, *, ground: str) -> Told:
    """Takes a sent request or reply back: destroys it here, and has every holder destroy it.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, RECORD_NOT_SENT, RECORD_RECALLED, CONTENT_EXPIRED.
    """
    return await take_back(work, await _own(work, caller, name), caller.name, ground)


async def take_back(work: Work, record: Record, officer: str, ground: str) -> Told:
    """Takes back what a unit here has sent, whoever decided that."""
    told = await _tell(work, record, _directive(work, officer, record, RECALL, ground))
    await destroy_content(work, record)
    await save(work, record.recalled(work.clock()))
    return told


async def correct(work: Work, caller: Caller, name: str, *, ground: str, wording: Wording) -> Sight:
    """Puts right what a sent request or reply says; the old wording stays, marked.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, RECORD_NOT_SENT, RECORD_RECALLED, CONTENT_EXPIRED, CONTENT_MISSING, or one of the BUNDLE_
            reasons.
    """
    record = await _own(work, caller, name)
    return await sight(work, caller, await put_right(work, record, caller.name, ground, wording))


async def put_right(work: Work, record: Record, officer: str, ground: str, wording: Wording) -> Record:
    """Puts right what a unit here has sent, whoever decided that; returns it as it is now.

    Raises:
        Refused: CONTENT_MISSING, TITLE_MISSING, or one of the BUNDLE_ reasons.
    """
    await _check_wording(work, record, wording)
    now = work.clock()
    directive = replace(_directive(work, officer, record, CORRECTION, ground), revision=record.revision + 1)
    revision = Revision(record.name, directive.revision, wording.title, wording.text, wording.bundle, now)
    corrected = await reword(work, record, revision)
    await _tell(work, record, directive, revision)
    return corrected


async def change_handling(
    work: Work, caller: Caller, name: str, *, ground: str, handling: Handling, downgrade: bool
) -> Told:
    """Changes the conditions on a sent request or reply, and on a request's replies where these were looser.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, RECORD_NOT_SENT, RECORD_RECALLED, CONTENT_EXPIRED, HANDLING_LOOSENED, EXERCISE_MIXED,
            RETENTION_TIME_INVALID, HANDLING_FORBIDS.
    """
    record = await _own(work, caller, name)
    if handling.exercise != record.handling.exercise:
        raise Refused("EXERCISE_MIXED", field="handling.exercise")
    wanted = replace(handling, purpose=record.handling.purpose).including(country_of(record.unit))
    if wanted.retention_time is None:
        wanted = replace(wanted, retention_time=record.handling.retention_time)
    rules = work.rules
    bounds = {"usual": rules.retention, "longest": rules.longest_retention}
    wanted = wanted.retained(work.clock(), **bounds, field="handling")
    if not downgrade and not wanted.within(record.handling):
        raise Refused("HANDLING_LOOSENED", field="handling")
    if wanted.operation != record.handling.operation:
        # Nobody puts anything into an operation that they take no part in.
        work.access.require(caller, FIND, record.handled(work.clock(), wanted))
    directive = replace(_directive(work, caller.name, record, HANDLING, ground), handling=wanted, downgrade=downgrade)
    told = await _tell(work, record, directive)
    await rehandle(work, record, directive)
    return told


async def rehandle(work: Work, record: Record, directive: Directive) -> Record:
    """Puts a record, and a request's replies, under the conditions that a directive tells."""
    handling = directive.applied_to(record.handling)
    if not isinstance(record, Request):
        request = await work.requests.find(request_of(record.name))
        handling = request.handling.tightened(handling) if request else handling
    changed = record.handled(work.clock(), handling)
    await save(work, changed)
    await keep_entities(work, changed)
    if isinstance(changed, Request):
        for reply in await work.replies.of(changed.name):
            tightened = reply.handled(work.clock(), changed.handling.tightened(reply.handling))
            await work.replies.save(tightened)
            if tightened.send_time:
                await keep_entities(work, tightened)
    return changed


async def reword(work: Work, record: Record, revision: Revision) -> Record:
    """Puts a newer wording in a record's place and keeps the old one; an older one is only kept."""
    if revision.number <= record.revision:
        await work.revisions.add(revision)
        return record
    await work.revisions.add(current_revision(record))
    corrected = record.corrected(
        work.clock(), revision.number, title=revision.title, text=revision.text, bundle=revision.bundle
    )
    await save(work, corrected)
    await keep_entities(work, corrected)
    await work.revisions.add(revision)
    return corrected


def current_revision(record: Record) -> Revision:
    """Returns a record's wording as it is now."""
    title = record.title if isinstance(record, Request) else ""
    return Revision(
        record.name, record.revision, title, record.text, record.bundle, record.send_time or record.create_time
    )


async def list_directives(work: Work, listing: Listing) -> Listed[Told]:
    """Returns a page of what was told about a request and its replies, oldest first.

    Raises:
        Refused: NOT_FOUND, INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    await see_request(work, listing.seer, listing.parent)
    page = await work.directives.page(listing)
    own = [one.name for one in page.items if one.unit in listing.seer.units]
    answers = await work.directives.answers(own)
    return Listed([Told(one, answers.get(one.name, [])) for one in page.items], page.next_token)


async def list_outstanding(work: Work, listing: Listing) -> Listed[tuple[Directive, Answer]]:
    """Returns a page of who has not answered the caller's units yet, the longest awaited first.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    page = await work.directives.outstanding(listing)
    known = await _found(work, listing.seer, {directive.record for directive, _ in page.items}, act=FIND)
    return Listed([one for one in page.items if one[0].record in known], page.next_token)


async def list_revisions(work: Work, listing: Listing) -> Listed[tuple[Revision, bool]]:
    """Returns a page of the wordings of a request and its replies, oldest first, each with whether another took its place.

    Raises:
        Refused: NOT_FOUND, INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    await see_request(work, listing.seer, listing.parent, act=READ)
    page = await work.revisions.page(listing)
    found = await _found(work, listing.seer, {one.record for one in page.items}, act=READ)
    records = {name: record for name, record in found.items() if record.state != PURGED}
    shown = [(one, one.number < records[one.record].revision) for one in page.items if one.record in records]
    return Listed(shown, page.next_token)


async def _found(work: Work, caller: Caller, names: Collection[str], *, act: str) -> dict[str, Record]:
    """Returns those of the records that the caller may know of, and do that with."""
    found = {name: await find_seen(work, caller, name, act=act) for name in names}
    return {name: record for name, record in found.items() if record is not None}


async def _own(work: Work, caller: Caller, name: str) -> Record:
    record = await see_record(work, caller, name, for_change=True)
    require_acting(caller, record)
    record.require_kept()
    return record


def _directive(work: Work, officer: str, record: Record, kind: str, ground: str) -> Directive:
    now = work.clock()
    return Directive(
        name=f"{request_of(record.name)}/directives/{work.ids()}",
        record=record.name,
        kind=kind,
        unit=record.unit,
        officer=officer,
        ground=ground,
        create_time=now,
        due_time=now + work.rules.answer_time,
    )


async def _tell(work: Work, record: Record, directive: Directive, revision: Revision | None = None) -> Told:
    await work.directives.save(directive)
    answers = [Answer(directive.name, unit) for unit in record.holders]
    for answer in answers:
        await work.directives.save_answer(directive, answer)
    message_id = await work.outlet.directive_issued(directive, record, revision)
    if revision:
        await work.carriers.add(record.name, message_id)
    return Told(directive, answers)


async def _check_wording(work: Work, record: Record, wording: Wording) -> None:
    if isinstance(record, Request):
        if not wording.title.strip():
            raise Refused("TITLE_MISSING", field="title")
        await work.bundles.read(wording.bundle, field="bundle", known=())
        return
    attached = (await work.attachments.counts([record.name])).get(record.name, 0)
    if not (wording.text.strip() or wording.bundle or attached):
        raise Refused("CONTENT_MISSING")
    known = await work.entities.ids_known_to(record.unit, request_of(record.name), record.handling.operation)
    await work.bundles.read(wording.bundle, field="bundle", known=known)
