"""Asking for access, and deciding on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bp_catalogue.domain.access import APPROVE, REFUSE, WITHDRAW, AccessRequest, Decision, Period
from bp_catalogue.domain.capability import LEGAL
from bp_catalogue.usecases.work import Sight, Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of

_ASKERS = ("officer", "analyst", "duty_officer", "liaison", "ncb_head")
_OVERSEERS = ("data_protection_officer", "auditor")


@dataclass(frozen=True)
class Ask:
    """What an officer asks for.

    Attributes:
        capability: `countries/WSM/capabilities/SV`.
        unit: Who is to use it.
        justification: Why.
        purpose: A `Purpose` without prefix.
    """

    capability: str
    unit: str
    justification: str
    purpose: str


def request_etag(request: AccessRequest) -> str:
    """Returns the request's etag; its agreement has the same version, under another name."""
    return etag_of(request.name, request.version)


async def ask_for_access(work: Work, principal: Principal, *, country: str, ask: Ask) -> AccessRequest:
    """Asks for access for a unit of the caller's.

    Raises:
        Refused: ACCESS_UNIT_NOT_YOURS, NOT_FOUND, CAPABILITY_NEEDS_NO_ACCESS, ACCESS_ALREADY_OPEN.
    """
    if country_of(ask.unit) != country or not any(principal.holds(role, ask.unit) for role in _ASKERS):
        raise Refused("ACCESS_UNIT_NOT_YOURS", field="access_request.unit")
    # The lock makes two who ask for the same at once follow each other.
    capability = await work.capabilities.find(ask.capability, for_change=True)
    if capability is None:
        raise Refused("NOT_FOUND", field="access_request.capability", name=ask.capability)
    if capability.facts.kind == LEGAL:
        raise Refused("CAPABILITY_NEEDS_NO_ACCESS", field="access_request.capability")
    now = work.clock()
    for earlier in await work.requests.of_unit(ask.unit, ask.capability):
        if earlier.is_open_at(now):
            raise Refused("ACCESS_ALREADY_OPEN", name=earlier.name)
    request = AccessRequest(
        name=f"countries/{country}/accessRequests/{work.ids()}",
        capability=ask.capability,
        unit=ask.unit,
        justification=ask.justification,
        purpose=ask.purpose,
        requester=principal.name,
        create_time=now,
    )
    await work.requests.add(request)
    await work.outlet.tell_of_request(request, work.rules.ncb_of(country))
    return request


async def get_request(work: Work, principal: Principal, name: str) -> AccessRequest:
    """Returns a request that the caller sees.

    Raises:
        Refused: NOT_FOUND.
    """
    return await _seen(work, principal, name, for_change=False)


async def list_requests(work: Work, principal: Principal, listing: Listing) -> Listed[AccessRequest]:
    """Returns a page of the requests that the caller sees.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    return await work.requests.page(listing, _sight(work, principal))


async def approve_request(
    work: Work,
    principal: Principal,
    name: str,
    *,
    begin: datetime | None,
    end: datetime | None,
    note: str,
    etag: str,
) -> AccessRequest:
    """Approves a request, from begin (at the earliest now) to end.

    Raises:
        Refused: PERMISSION_DENIED, NOT_FOUND, ETAG_MISMATCH, AGREEMENT_PERIOD_INVALID, ACCESS_REQUEST_IS_YOUR_OWN,
            ACCESS_ALREADY_DECIDED.
    """
    request = await _to_decide(work, principal, name, etag)
    now = work.clock()
    begin = max(begin or now, now)
    try:
        period = Period(begin, end or begin + work.rules.agreement_period)
    except OverflowError:
        raise Refused(
            "AGREEMENT_PERIOD_INVALID", field="begin_time", limit=str(work.rules.agreement_limit.days)
        ) from None
    period.check(now, work.rules.agreement_limit)
    return await _decide(work, request, _decision(work, principal, APPROVE, now, note=note, period=period))


async def refuse_request(work: Work, principal: Principal, name: str, *, note: str, etag: str) -> AccessRequest:
    """Refuses a request.

    Raises:
        Refused: PERMISSION_DENIED, NOT_FOUND, ETAG_MISMATCH, ACCESS_REQUEST_IS_YOUR_OWN, ACCESS_ALREADY_DECIDED.
    """
    request = await _to_decide(work, principal, name, etag)
    return await _decide(work, request, _decision(work, principal, REFUSE, work.clock(), note=note))


async def withdraw_request(work: Work, principal: Principal, name: str, *, etag: str) -> AccessRequest:
    """Takes back an own request.

    Raises:
        Refused: PERMISSION_DENIED, NOT_FOUND, ETAG_MISMATCH, ACCESS_ALREADY_DECIDED.
    """
    request = await _seen(work, principal, name, for_change=True)
    if request.requester != principal.name:
        raise Refused("PERMISSION_DENIED")
    check_etag(etag, request_etag(request))
    withdrawn = request.withdrawn(_decision(work, principal, WITHDRAW, work.clock()))
    await work.requests.save(withdrawn)
    return withdrawn


def require_ncb_head(work: Work, principal: Principal, country: str) -> None:
    """Refuses everybody but a head of the country's NCB.

    Raises:
        Refused: PERMISSION_DENIED.
    """
    if not principal.holds("ncb_head", work.rules.ncb_of(country)):
        raise Refused("PERMISSION_DENIED")


async def _to_decide(work: Work, principal: Principal, name: str, etag: str) -> AccessRequest:
    require_ncb_head(work, principal, country_of(name))
    request = await _seen(work, principal, name, for_change=True)
    check_etag(etag, request_etag(request))
    return request


async def _decide(work: Work, request: AccessRequest, decision: Decision) -> AccessRequest:
    decided = request.decided(decision)
    await work.requests.save(decided)
    await work.outlet.tell_of_decision(decided)
    return decided


def _decision(
    work: Work, principal: Principal, verdict: str, now: datetime, *, note: str = "", period: Period | None = None
) -> Decision:
    return Decision(work.ids(), verdict, principal.name, now, note, period)


async def _seen(work: Work, principal: Principal, name: str, *, for_change: bool) -> AccessRequest:
    request = await work.requests.find(name, for_change=for_change)
    seen = request is not None and country_of(name) == principal.country
    if request is None or not seen or not _sight(work, principal).includes(request):
        raise Refused("NOT_FOUND", name=name)
    return request


def _sight(work: Work, principal: Principal) -> Sight:
    decides = principal.holds("ncb_head", work.rules.ncb_of(principal.country))
    return Sight(
        everything=decides or any(principal.holds(role) for role in _OVERSEERS),
        requester=principal.name,
        units=frozenset(unit for role, unit in principal.grants if role in _ASKERS),
    )
