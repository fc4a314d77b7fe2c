"""Taking people over from a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bp_identity.domain.names import unit_name
from bp_identity.domain.officer import Person
from bp_identity.usecases.boundaries import require_own
from bp_identity.usecases.grants import give
from bp_identity.usecases.officers import create_officer, officer_etag, update_officer
from bp_identity.usecases.work import Work
from bp_kit.call import Principal

CREATED, UPDATED, UNCHANGED = "CREATED", "UPDATED", "UNCHANGED"


@dataclass(frozen=True)
class Newcomer:
    """What a row says of a person.

    Attributes:
        name: `countries/FJI/officers/ana`.
        person: What is said about the person.
        said: The fields of it that the table has; others of one who is there stay.
        roles: (role, unit id) pairs to hold.
        end_time: When these end; None for not by themselves.
    """

    name: str
    person: Person
    said: tuple[str, ...]
    roles: tuple[tuple[str, str], ...]
    end_time: datetime | None


async def take_over(work: Work, principal: Principal, newcomer: Newcomer) -> str:
    """Makes one officer be there as a row says, with at least its roles; takes nothing away.

    Returns:
        `CREATED`, `UPDATED` or `UNCHANGED`.

    Raises:
        Refused: As creating or changing an officer, and giving a role.
    """
    name = newcomer.name
    require_own(work, principal, name)
    known = await work.officers.find(name, for_change=True)
    if known is None:
        await create_officer(work, principal, name=name, person=newcomer.person)
        await _give_roles(work, principal, newcomer)
        return CREATED
    changes = {field: getattr(newcomer.person, field) for field in newcomer.said}
    changed = await update_officer(work, principal, name, changes=changes, etag=officer_etag(known))
    given = await _give_roles(work, principal, newcomer)
    return UPDATED if given or changed.person != known.person else UNCHANGED


async def _give_roles(work: Work, principal: Principal, newcomer: Newcomer) -> int:
    now, name = work.clock(), newcomer.name
    lasting = [grant for grant in await work.grants.of_officer(name) if grant.end_time is None or grant.end_time > now]
    held = {(grant.role, grant.unit) for grant in lasting}
    wanted = [(role, unit_name(principal.country, unit_id)) for role, unit_id in newcomer.roles]
    missing = [pair for pair in dict.fromkeys(wanted) if pair not in held]
    for role, unit in missing:
        await give(
            work, name, role=role, unit=unit, start_time=None, end_time=newcomer.end_time, creator=principal.name
        )
    return len(missing)
