"""Access agreements: reading them, and ending them."""

from __future__ import annotations

from bp_catalogue.domain.access import END, Agreement, Decision
from bp_catalogue.domain.names import request_name
from bp_catalogue.usecases.requests import require_ncb_head
from bp_catalogue.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of


def agreement_etag(agreement: Agreement) -> str:
    """Returns the agreement's etag."""
    return etag_of(agreement.name, agreement.version)


async def get_agreement(work: Work, principal: Principal, name: str) -> Agreement:
    """Returns an agreement of the caller's country.

    Raises:
        Refused: NOT_FOUND.
    """
    agreement = await work.agreements.find(name) if country_of(name) == principal.country else None
    if agreement is None:
        raise Refused("NOT_FOUND", name=name)
    return agreement


async def list_agreements(work: Work, listing: Listing) -> Listed[Agreement]:
    """Returns a page of a country's agreements.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    return await work.agreements.page(listing, work.clock())


async def end_agreement(work: Work, principal: Principal, name: str, *, note: str, etag: str) -> Agreement:
    """Ends an agreement now.

    Raises:
        Refused: PERMISSION_DENIED, NOT_FOUND, ETAG_MISMATCH, AGREEMENT_ENDED.
    """
    require_ncb_head(work, principal, country_of(name))
    request = await work.requests.find(request_name(name), for_change=True)
    agreement = request.agreement if request else None
    if request is None or agreement is None:
        raise Refused("NOT_FOUND", name=name)
    check_etag(etag, agreement_etag(agreement))
    ended = request.ended(Decision(work.ids(), END, principal.name, work.clock(), note))
    await work.requests.save(ended)
    await work.outlet.tell_of_decision(ended)
    return ended.agreement or agreement
