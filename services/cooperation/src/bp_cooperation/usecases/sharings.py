"""Sharing what was sent with further units: its owner alone does, on its own or because a holder asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bp_cooperation.domain.attachment import Attachment
from bp_cooperation.domain.ladder import QUEUED, Rung
from bp_cooperation.domain.names import request_of
from bp_cooperation.domain.request import CLOSED, OPEN, Request
from bp_cooperation.domain.sharing import ASKED, DENIED, PERMITTED, Sharing
from bp_cooperation.usecases.access import FORWARD
from bp_cooperation.usecases.arrivals import Arrival, keep_first, require_wanted
from bp_cooperation.usecases.asking import Caller, Listing
from bp_cooperation.usecases.sight import acting_unit, require_acting, see_request
from bp_cooperation.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.listing import Listed
from bp_kit.names import country_of, require_author

_MAX_HOLDERS = 100


async def share_request(work: Work, caller: Caller, name: str, *, unit: str, recipients: tuple[str, ...]) -> Sharing:
    """Shares a request of the caller's unit; of another's, asks its unit to.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, UNIT_NOT_CHOSEN, RECORD_NOT_SENT, RECORD_RECALLED, CONTENT_EXPIRED, INVALID_FIELD,
            RECIPIENT_UNKNOWN, RECIPIENT_NOT_RELEASABLE.
    """
    request = await see_request(work, caller, name, for_change=True)
    request.require_kept()
    await _check(work, caller, request, recipients)
    acting = request.unit
    if request.unit not in caller.units or unit not in ("", request.unit):
        acting = acting_unit(caller, unit, frozenset(request.units), field="unit")
    now = work.clock()
    sharing = Sharing(f"{name}/sharings/{work.ids()}", acting, caller.name, recipients, ASKED, now)
    if acting == request.unit:
        sharing = sharing.decided(now, permitted=True)
        await _share(work, request, recipients)
    else:
        await work.outlet.sharing_asked(sharing, request.unit)
    await work.sharings.save(sharing)
    return sharing


async def decide_sharing(work: Work, caller: Caller, name: str, *, permitted: bool) -> Sharing:
    """Decides whether a request of the caller's unit is shared as a holder asked, and does it.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, SHARING_DECIDED, RECORD_RECALLED, CONTENT_EXPIRED, RECIPIENT_UNKNOWN,
            RECIPIENT_NOT_RELEASABLE, INVALID_FIELD.
    """
    request = await see_request(work, caller, request_of(name), for_change=True)
    require_acting(caller, request)
    sharing = await work.sharings.find(name, for_change=True)
    if sharing is None:
        raise Refused("NOT_FOUND", name=name)
    decided = sharing.decided(work.clock(), permitted=permitted)
    if permitted:
        request.require_kept()
        await _check(work, caller, request, decided.recipients)
        await _share(work, request, decided.recipients)
    await work.sharings.save(decided)
    await work.outlet.sharing_decided(decided, request.unit)
    return decided


async def list_sharings(work: Work, listing: Listing) -> Listed[Sharing]:
    """Returns a page of the wishes to share a request that the caller's units asked for or decide.

    Raises:
        Refused: NOT_FOUND, INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    await see_request(work, listing.seer, listing.parent)
    return await work.sharings.page(listing)


async def keep_asked(work: Work, arrival: Arrival, sharing: Sharing) -> None:
    """Keeps a holder's wish, and tells the unit that decides.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED.
    """
    request = await work.requests.find(request_of(sharing.name))
    if request is None:
        raise Refused("NOT_FOUND", name=request_of(sharing.name))
    if sharing.unit != arrival.author or sharing.unit not in request.units or sharing.state != ASKED:
        raise Refused("PERMISSION_DENIED")
    known = await work.sharings.find(sharing.name, for_change=True)
    if known and (known.unit, known.recipients) != (sharing.unit, sharing.recipients):
        raise Refused("ALREADY_EXISTS", name=sharing.name)
    if known is None:
        await work.sharings.save(sharing)
    # Where both units are of this node the wish is known before its message comes; each message comes once.
    await work.outlet.tell("cooperation.sharing_asked", request, request.unit)


async def keep_decided(work: Work, arrival: Arrival, sharing: Sharing) -> None:
    """Keeps what a request's unit decided.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED.
    """
    known = await work.sharings.find(sharing.name, for_change=True)
    request = await work.requests.find(request_of(sharing.name))
    if known is None or request is None:
        raise Refused("NOT_FOUND", name=sharing.name)
    if arrival.author != request.unit or sharing.state not in (PERMITTED, DENIED):
        raise Refused("PERMISSION_DENIED")
    if known.state == ASKED:
        await work.sharings.save(replace(known, state=sharing.state, decide_time=sharing.decide_time))
    await work.outlet.tell("cooperation.sharing_decided", request, known.unit)


async def keep_shared(
    work: Work,
    arrival: Arrival,
    name: str,
    shared_with: tuple[str, ...],
    *,
    request: Request | None,
    attachments: Sequence[Attachment],
) -> None:
    """Keeps a request that was shared with units here, or who takes part in one that is here.

    Raises:
        Refused: PERMISSION_DENIED, INVALID_FIELD, CONTENT_EXPIRED, ALREADY_EXISTS, or one of the BUNDLE_ reasons.
    """
    require_author(arrival.author, name)
    known = await work.requests.find(name, for_change=True)
    if known is None and request is None:
        await work.waiting.add(arrival.message_id, name, arrival.body, work.clock())
        return
    if (known or request).unit != arrival.author:  # type: ignore[union-attr]
        raise Refused("PERMISSION_DENIED")
    if known is not None:
        await work.requests.save(known.shared(work.clock(), shared_with))
    elif request is not None:
        require_wanted(request, arrival, states=(OPEN, CLOSED))
        if not await keep_first(work, replace(request, shared_with=shared_with), arrival, attachments):
            return
    if request is None:
        return
    for unit in arrival.recipients:
        if country_of(unit) in work.rules.countries:
            await work.outlet.tell_of_request(known or request, unit)


async def _check(work: Work, caller: Caller, request: Request, recipients: tuple[str, ...]) -> None:
    active = await work.directory.active(recipients)
    for position, unit in enumerate(recipients):
        field = f"recipients[{position}]"
        if unit in (request.unit, *request.holders):
            raise Refused("INVALID_FIELD", field=field, description="has it already")
        if not request.handling.allows(unit):
            raise Refused("RECIPIENT_NOT_RELEASABLE", field=field, unit=unit)
        if unit not in active:
            raise Refused("RECIPIENT_UNKNOWN", field=field, unit=unit)
        # Whoever is not of its own unit only asks that unit, which decides by itself.
        if request.unit in caller.units:
            work.access.require(caller, FORWARD, request, to=country_of(unit))
    if len(request.holders) + len(recipients) > _MAX_HOLDERS:
        raise Refused("INVALID_FIELD", field="recipients", description=f"makes more than {_MAX_HOLDERS} holders")


async def _share(work: Work, request: Request, recipients: tuple[str, ...]) -> None:
    shared = request.shared(work.clock(), recipients)
    await work.requests.save(shared)
    files = await work.attachments.of(request.name)
    message_id = await work.outlet.request_shared(shared, recipients, files)
    await work.carriers.add(request.name, message_id)
    await work.ladders.add(request.name, [Rung(unit, QUEUED, work.clock()) for unit in recipients])
