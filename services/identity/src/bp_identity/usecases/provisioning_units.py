"""Groups of a country's own directory are units here. Who belongs to one is an officer there; other roles are for people to give."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bp_identity.domain.names import country_name, unit_name
from bp_identity.domain.provisioned import Provisioned, UnitWanted, short_id
from bp_identity.domain.unit import ACTIVE, INACTIVE, Unit
from bp_identity.usecases.boundaries import require_own
from bp_identity.usecases.grants import create_grant, revoke_grant
from bp_identity.usecases.provisioning import find_person
from bp_identity.usecases.units import create_unit, get_unit, set_unit_state, unit_etag, update_unit
from bp_identity.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of

# What somebody is who belongs to a unit, and nothing more.
_ROLE = "OFFICER"
_KIND = "OTHER"
# Each is a change of an officer's roles, all in one transaction.
MOST_CHANGES = 1000


@dataclass(frozen=True)
class KnownUnit:
    """A unit, what the directory calls it, and who belongs to it.

    Attributes:
        unit: The record.
        provisioned: What it is called.
        members: Names of officers with a role there that has not ended, sorted.
    """

    unit: Unit
    provisioned: Provisioned
    members: tuple[str, ...]

    @property
    def etag(self) -> str:
        """Changes with each change of any of them."""
        return etag_of(unit_etag(self.unit), self.provisioned.external_id, *self.members)


async def find_group(work: Work, principal: Principal, name: str) -> KnownUnit:
    """Returns a unit in service.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED.
    """
    unit = await get_unit(work, principal, name)
    if unit.state != ACTIVE:
        raise Refused("NOT_FOUND", name=name)
    members = await work.provisioned.members_of((name,), work.clock())
    return KnownUnit(unit, await work.provisioned.find(name) or Provisioned(name), members[name])


async def add_group(work: Work, principal: Principal, wanted: UnitWanted) -> KnownUnit:
    """Creates a unit with its members; an administrator says of which kind it is.

    Raises:
        Refused: INVALID_FIELD, PERMISSION_DENIED; NOT_FOUND for a member that there is not.
    """
    require_own(work, principal, country_name(principal.country))
    name = unit_name(principal.country, short_id(wanted.display_name, f"unit-{work.ids()[-12:]}"))
    if await work.units.find(name) is not None:
        name = f"{name}-{work.ids()[-12:]}"
    await create_unit(work, principal, name=name, display_name=wanted.display_name, kind=_KIND)
    await _belong(work, principal, name, frozenset(), wanted.members)
    await work.provisioned.save(Provisioned(name, external_id=wanted.external_id))
    return await find_group(work, principal, name)


async def change_group(work: Work, principal: Principal, name: str, wanted: UnitWanted, *, etag: str = "") -> KnownUnit:
    """Makes a unit what the directory wants: who does not belong to it any more loses all roles there.

    Raises:
        Refused: As `add_group`; NOT_FOUND, ETAG_MISMATCH, LAST_ADMINISTRATOR.
    """
    known = await find_group(work, principal, name)
    check_etag(etag, known.etag)
    await update_unit(work, principal, name, changes={"display_name": wanted.display_name}, etag="")
    await _belong(work, principal, name, frozenset(known.members), wanted.members)
    await work.provisioned.save(replace(known.provisioned, external_id=wanted.external_id))
    return await find_group(work, principal, name)


async def remove_group(work: Work, principal: Principal, name: str, *, etag: str = "") -> None:
    """Takes a unit out of service.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, LAST_ADMINISTRATOR.
    """
    known = await find_group(work, principal, name)
    check_etag(etag, known.etag)
    await set_unit_state(work, principal, name, state=INACTIVE, etag="")


async def _belong(work: Work, principal: Principal, unit: str, members: frozenset[str], wanted: frozenset[str]) -> None:
    if len(members ^ wanted) > MOST_CHANGES:
        raise Refused("INVALID_FIELD", field="members", description=f"changes more than {MOST_CHANGES} at once")
    for officer in sorted(wanted - members):
        await find_person(work, principal, officer)
        await create_grant(work, principal, officer, role=_ROLE, unit=unit, start_time=None, end_time=None)
    for officer in sorted(members - wanted):
        for grant in await work.grants.of_officer(officer):
            if grant.unit == unit:
                await revoke_grant(work, principal, grant.name)
