"""The directory of units, as every country's identity announces its own."""

from __future__ import annotations

from bp_cooperation.domain.addressee import Addressee
from bp_cooperation.usecases.asking import Listing
from bp_cooperation.usecases.work import Work
from bp_kit.listing import Listed


async def list_addressees(work: Work, listing: Listing) -> Listed[Addressee]:
    """Returns a page of the units that take part, by name.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    return await work.directory.page(listing)


async def keep_addressee(work: Work, addressee: Addressee) -> None:
    """Keeps what a unit's country says of it, unless something newer is known."""
    known = await work.directory.find(addressee.unit)
    if known is None or known.version < addressee.version:
        await work.directory.save(addressee)
