"""Writing, sending, closing and finding requests."""

from __future__ import annotations

from dataclasses import dataclass

from bp_cooperation.domain.handling import Handling
from bp_cooperation.domain.ladder import QUEUED, Rung
from bp_cooperation.domain.request import DRAFT, Request
from bp_cooperation.usecases.access import FIND, READ, Record
from bp_cooperation.usecases.asking import Caller, Listing
from bp_cooperation.usecases.keeping import keep_entities
from bp_cooperation.usecases.sight import Sight, acting_unit, in_force, require_acting, see_request, sight, sights
from bp_cooperation.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of
from bp_kit.listing import Listed
from bp_kit.names import country_of

_BUNDLE = "request.bundle"
_HANDLING = "request.handling"


@dataclass(frozen=True)
class RequestContent:
    """What the author of a request says; None where nothing is said."""

    title: str = ""
    text: str = ""
    recipients: tuple[str, ...] = ()
    urgency: str = "ROUTINE"
    handling: Handling | None = None
    bundle: str = ""


def request_etag(request: Request) -> str:
    """Returns the request's etag."""
    return etag_of(request.name, request.version)


async def create_request(work: Work, caller: Caller, *, country: str, unit: str, content: RequestContent) -> Sight:
    """Writes a draft.

    Raises:
        Refused: PERMISSION_DENIED, UNIT_NOT_CHOSEN, HANDLING_MISSING, INVALID_FIELD, RETENTION_TIME_INVALID, RECIPIENT_UNKNOWN,
            RECIPIENT_NOT_RELEASABLE, or one of the BUNDLE_ reasons.
    """
    possible = frozenset(one for one in caller.units if country_of(one) == country)
    acting = acting_unit(caller, unit, possible, field="request.unit")
    now = work.clock()
    request = Request(
        name=f"countries/{country}/requests/{work.ids()}",
        unit=acting,
        officer=caller.name,
        title=content.title,
        text=content.text,
        recipients=content.recipients,
        urgency=content.urgency,
        handling=_handling(work, content.handling, country),
        bundle=content.bundle,
        state=DRAFT,
        version=1,
        create_time=now,
        update_time=now,
        list_time=now,
    )
    work.access.require(caller, FIND, request)
    await _check(work, request)
    await work.requests.add(request)
    return await sight(work, caller, request)


async def get_request(work: Work, caller: Caller, name: str) -> Sight:
    """Returns a request.

    Raises:
        Refused: NOT_FOUND.
    """
    return await sight(work, caller, await see_request(work, caller, name, act=READ))


async def list_requests(work: Work, listing: Listing) -> Listed[Sight]:
    """Returns a page of the requests that the caller's units may see, newest first.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    page = await work.requests.page(listing)
    records: list[Record] = [in_force(work, request) for request in page.items]
    return Listed(await sights(work, listing.seer, records), page.next_token)


async def update_request(
    work: Work, caller: Caller, name: str, *, content: RequestContent, fields: list[str], etag: str
) -> Sight:
    """Changes those fields of a draft to what they are in the given content.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, ALREADY_SENT, and what `create_request` refuses.
    """
    request = await _own_draft(work, caller, name, etag)
    values = {field: getattr(content, field) for field in fields}
    if "handling" in values:
        values["handling"] = _handling(work, content.handling, country_of(name))
    changed = request.changed(work.clock(), **values)
    work.access.require(caller, FIND, changed)
    await _check(work, changed)
    await work.requests.save(changed)
    return await sight(work, caller, changed)


async def delete_request(work: Work, caller: Caller, name: str, *, etag: str) -> None:
    """Deletes a draft with its files.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, ALREADY_SENT.
    """
    request = await _own_draft(work, caller, name, etag)
    await work.attachments.discard(await work.attachments.of(request.name))
    await work.requests.remove(request.name)


async def send_request(work: Work, caller: Caller, name: str, *, etag: str) -> Sight:
    """Sends a draft to its recipients.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, ALREADY_SENT, TITLE_MISSING, RECIPIENT_MISSING, and what `create_request`
            refuses.
    """
    draft = await _own_draft(work, caller, name, etag)
    # Time has passed since it was written: units may have left, its retention time may have come.
    _handling(work, draft.handling, country_of(name))
    await _check(work, draft)
    sent = draft.sent(caller.name, work.clock())
    sent = sent.carried_by(await work.outlet.request_opened(sent, await work.attachments.of(name)))
    await work.requests.save(sent)
    await work.carriers.add(name, sent.message_id)
    await keep_entities(work, sent)
    await work.ladders.add(name, [Rung(unit, QUEUED, sent.update_time) for unit in sent.recipients])
    return await sight(work, caller, sent)


async def close_request(work: Work, caller: Caller, name: str) -> Sight:
    """Closes an open request and tells its recipients.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, REQUEST_NOT_OPEN.
    """
    request = await see_request(work, caller, name, for_change=True)
    require_acting(caller, request)
    closed = request.closed(work.clock())
    await work.requests.save(closed)
    await work.outlet.request_closed(closed)
    return await sight(work, caller, closed)


def _handling(work: Work, given: Handling | None, country: str) -> Handling:
    if given is None:
        raise Refused("HANDLING_MISSING", field=_HANDLING)
    rules = work.rules
    bounds = {"usual": rules.retention, "longest": rules.longest_retention}
    return given.including(country).retained(work.clock(), **bounds, field=_HANDLING)


async def _check(work: Work, request: Request) -> None:
    request.check()
    active = await work.directory.active(request.recipients)
    for position, unit in enumerate(request.recipients):
        if unit not in active:
            raise Refused("RECIPIENT_UNKNOWN", field=f"request.recipients[{position}]", unit=unit)
    await work.bundles.read(request.bundle, field=_BUNDLE, known=())


async def _own_draft(work: Work, caller: Caller, name: str, etag: str) -> Request:
    request = await see_request(work, caller, name, for_change=True)
    require_acting(caller, request)
    request.require_draft()
    check_etag(etag, request_etag(request))
    return request
