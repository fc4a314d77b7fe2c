"""What administrators do with units."""

from __future__ import annotations

from collections.abc import Mapping

from bp_identity.domain.unit import ACTIVE, Unit
from bp_identity.usecases.boundaries import hold_administrators, require_administrator_left, require_own
from bp_identity.usecases.grants import announce
from bp_identity.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of


def unit_etag(unit: Unit) -> str:
    """Returns the unit's etag."""
    return etag_of(unit.name, unit.version)


async def get_unit(work: Work, principal: Principal, name: str) -> Unit:
    """Returns a unit of the caller's country.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED.
    """
    return await _unit(work, principal, name)


async def list_units(work: Work, principal: Principal, listing: Listing) -> Listed[Unit]:
    """Returns a page of the caller's country's units.

    Raises:
        Refused: PERMISSION_DENIED, INVALID_FILTER, INVALID_PAGE_TOKEN.
    """
    require_own(work, principal, listing.parent)
    return await work.units.page(listing)


async def create_unit(work: Work, principal: Principal, *, name: str, display_name: str, kind: str) -> Unit:
    """Creates a unit and announces it to every country.

    Raises:
        Refused: ALREADY_EXISTS, INVALID_FIELD, PERMISSION_DENIED.
    """
    require_own(work, principal, name)
    return await add_unit(work, name=name, display_name=display_name, kind=kind)


async def add_unit(work: Work, *, name: str, display_name: str, kind: str) -> Unit:
    """Creates a unit, whoever asks; also how a node is first set up.

    Raises:
        Refused: ALREADY_EXISTS, INVALID_FIELD.
    """
    now = work.clock()
    unit = Unit(
        name=name,
        display_name=display_name,
        kind=kind,
        state=ACTIVE,
        version=1,
        create_time=now,
        update_time=now,
    )
    unit.check()
    await work.units.add(unit)
    await work.directory.unit_changed(unit)
    return unit


async def update_unit(work: Work, principal: Principal, name: str, *, changes: Mapping[str, str], etag: str) -> Unit:
    """Changes a unit's display name or kind.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, INVALID_FIELD.
    """
    unit = await _unit(work, principal, name, for_change=True)
    check_etag(etag, unit_etag(unit))
    changed = unit.changed(work.clock(), **changes)
    changed.check()
    await _save(work, unit, changed)
    return changed


async def set_unit_state(work: Work, principal: Principal, name: str, *, state: str, etag: str) -> Unit:
    """Takes a unit out of service or back into it; its people's roles follow.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, LAST_ADMINISTRATOR.
    """
    require_own(work, principal, name)
    await hold_administrators(work, country_of(name))
    unit = await _unit(work, principal, name, for_change=True)
    check_etag(etag, unit_etag(unit))
    changed = unit.changed(work.clock(), state=state)
    if changed is not unit:
        await _save(work, unit, changed)
        await require_administrator_left(work, country_of(name))
        for officer in await work.grants.officers_at(name):
            await announce(work, officer)
    return changed


async def _unit(work: Work, principal: Principal, name: str, *, for_change: bool = False) -> Unit:
    require_own(work, principal, name)
    unit = await work.units.find(name, for_change=for_change)
    if unit is None:
        raise Refused("NOT_FOUND", name=name)
    return unit


async def _save(work: Work, unit: Unit, changed: Unit) -> None:
    if changed is not unit:
        await work.units.save(changed)
        await work.directory.unit_changed(changed)
