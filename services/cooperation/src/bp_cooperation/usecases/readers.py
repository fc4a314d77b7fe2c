"""Who may see who read what a unit has sent: the unit itself, and the data-protection officers of its country."""

from __future__ import annotations

from bp_cooperation.domain.request import Request
from bp_cooperation.usecases.asking import Caller
from bp_cooperation.usecases.sight import see_request
from bp_cooperation.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.names import country_of

_OFFICER = "data_protection_officer"


async def see_readers_of(work: Work, caller: Caller, name: str) -> Request:
    """Returns a request of which the caller may know who read it.

    Raises:
        Refused: NOT_FOUND; PERMISSION_DENIED for those it was sent to.
    """
    found = await work.requests.find(name)
    if found is None or country_of(found.unit) != caller.country:
        await see_request(work, caller, name)
        raise Refused("PERMISSION_DENIED")
    if any(role == _OFFICER for role, _ in caller.grants):
        return found
    request = await see_request(work, caller, name)
    if request.unit not in caller.units:
        raise Refused("PERMISSION_DENIED")
    return request
