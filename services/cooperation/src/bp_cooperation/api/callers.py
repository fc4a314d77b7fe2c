"""Who calls and what a list call asks for."""

from __future__ import annotations

from typing import Any

from bluepacific.common.v1 import handling_pb2
from bp_cooperation.usecases.asking import Caller, Listing
from bp_cooperation.usecases.work import Work
from bp_kit import listing
from bp_kit.call import current_call
from bp_kit.names import country_of
from bp_kit.rpc.methods import method_of


async def current_caller(work: Work) -> Caller:
    """Returns who calls, with the units in which a role is held that the method's `access` option admits, and their operations.

    A learner at the NCB who is an officer elsewhere sees what concerns that other unit, not what concerns the NCB.
    """
    call = current_call()
    admitted = {*method_of(call.method).access.roles}
    principal = call.principal
    grants = frozenset((role, unit) for role, unit in principal.grants if _is_of(unit, principal.country))
    return Caller(
        name=principal.name,
        country=principal.country,
        units=frozenset(unit for role, unit in grants if role in admitted),
        grants=grants,
        clearance=principal.clearance,
        purpose=handling_pb2.Purpose.Name(call.purpose).removeprefix("PURPOSE_") if call.purpose else "",
        operations=await work.operations.of_officer(principal.name, work.clock()),
        visiting=bool(principal.node),
    )


async def listing_of(work: Work, request: Any) -> Listing:
    """Returns what a list request asks for."""
    exercise = bool(getattr(request, "exercise", False))
    return Listing(**vars(listing.listing_of(request)), seer=await current_caller(work), exercise=exercise)


def _is_of(unit: str, country: str) -> bool:
    return unit.startswith("countries/") and country_of(unit) == country
