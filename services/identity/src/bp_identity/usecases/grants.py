"""Giving and ending roles."""

from __future__ import annotations

from datetime import datetime

from bp_identity.domain import unit as units
from bp_identity.domain.grant import ADMINISTRATOR, Grant, check_period, check_room
from bp_identity.domain.names import grant_name, officer_of
from bp_identity.usecases.boundaries import hold_administrators, require_administrator_left, require_own
from bp_identity.usecases.ending import void_tokens
from bp_identity.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of


async def get_grant(work: Work, principal: Principal, name: str) -> Grant:
    """Returns a grant of the caller's country.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED.
    """
    return await _grant(work, principal, name)


async def list_grants(work: Work, principal: Principal, listing: Listing) -> Listed[Grant]:
    """Returns a page of an officer's grants, or of all officers' of the caller's country.

    Raises:
        Refused: PERMISSION_DENIED, INVALID_FILTER, INVALID_PAGE_TOKEN.
    """
    require_own(work, principal, listing.parent)
    return await work.grants.page(listing)


async def create_grant(
    work: Work,
    principal: Principal,
    officer: str,
    *,
    role: str,
    unit: str,
    start_time: datetime | None,
    end_time: datetime | None,
) -> Grant:
    """Gives an officer a role at a unit of the same country.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, UNIT_NOT_IN_SERVICE, GRANT_PERIOD_INVALID, TOO_MANY_GRANTS.
    """
    require_own(work, principal, officer)
    return await give(
        work, officer, role=role, unit=unit, start_time=start_time, end_time=end_time, creator=principal.name
    )


async def give(
    work: Work,
    officer: str,
    *,
    role: str,
    unit: str,
    start_time: datetime | None,
    end_time: datetime | None,
    creator: str,
    field: str = "grant.unit",
) -> Grant:
    """Gives a role, whoever asks; also how a node is first set up.

    Raises:
        Refused: NOT_FOUND, UNIT_NOT_IN_SERVICE, GRANT_PERIOD_INVALID, TOO_MANY_GRANTS.
    """
    now = work.clock()
    start = start_time or now
    check_period(start, end_time, now)
    if await work.officers.find(officer, for_change=True) is None:
        raise Refused("NOT_FOUND", name=officer)
    await require_unit(work, unit, country=country_of(officer), field=field)
    check_room(await work.grants.of_officer(officer), now)
    grant = Grant(
        name=grant_name(officer, work.ids()),
        role=role,
        unit=unit,
        start_time=start,
        end_time=end_time,
        create_time=now,
        creator=creator,
    )
    await work.grants.add(grant)
    await announce(work, officer)
    return grant


async def revoke_grant(work: Work, principal: Principal, name: str) -> Grant:
    """Ends a grant now.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, LAST_ADMINISTRATOR.
    """
    require_own(work, principal, name)
    await hold_administrators(work, country_of(name))
    grant = await _grant(work, principal, name, for_change=True)
    revoked = grant.revoked(work.clock())
    if revoked is not grant:
        await work.grants.save(revoked)
        if grant.role == ADMINISTRATOR:
            await require_administrator_left(work, country_of(name))
        await announce(work, officer_of(name))
    return revoked


async def require_unit(work: Work, unit: str, *, country: str, field: str) -> None:
    """Refuses units of other countries, unknown ones and those out of service.

    Raises:
        Refused: UNIT_NOT_IN_SERVICE.
    """
    found = await work.units.find(unit)
    if found is None or found.state != units.ACTIVE or country_of(unit) != country:
        raise Refused("UNIT_NOT_IN_SERVICE", field=field, unit=unit)


async def announce(work: Work, officer: str) -> None:
    """Tells the country's services which roles the officer holds now, as the record's next version; tokens that say otherwise are void."""
    found = await work.officers.find(officer, for_change=True)
    if found is None:
        return
    now = work.clock()
    await void_tokens(work, officer)
    touched = found.touched(now)
    await work.officers.save(touched)
    await work.directory.officer_changed(touched, await work.grants.of_officer(officer), now)


async def _grant(work: Work, principal: Principal, name: str, *, for_change: bool = False) -> Grant:
    require_own(work, principal, name)
    grant = await work.grants.find(name, for_change=for_change)
    if grant is None:
        raise Refused("NOT_FOUND", name=name)
    return grant
