"""Taking a role in an emergency, and reviewing that afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bp_identity.domain.emergency import Emergency
from bp_identity.domain.grant import ADMINISTRATOR
from bp_identity.usecases.boundaries import require_own
from bp_identity.usecases.grants import announce, give
from bp_identity.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing

_OVERSEERS = (ADMINISTRATOR, "DATA_PROTECTION_OFFICER")


class Emergencies(Protocol):
    """Roles taken in emergencies."""

    async def find(self, name: str) -> Emergency | None:
        """Returns the emergency, locked."""
        ...

    async def has_open(self, officer: str) -> bool:
        """Tells whether one of the officer's waits for its review."""
        ...

    async def add(self, emergency: Emergency) -> None:
        """Keeps a new emergency."""
        ...

    async def save(self, emergency: Emergency) -> None:
        """Keeps a reviewed emergency."""
        ...

    async def page(self, listing: Listing) -> Listed[Emergency]:
        """Returns a page of one country's emergencies, oldest first."""
        ...


@dataclass(frozen=True)
class Need:
    """What an officer takes.

    Attributes:
        role: `DUTY_OFFICER`.
        unit: Of the own country.
        reason: Why it cannot wait.
        minutes: For how long.
    """

    role: str
    unit: str
    reason: str
    minutes: int


async def declare_emergency(work: Work, emergencies: Emergencies, principal: Principal, need: Need) -> Emergency:
    """Gives the caller a role at once, and tells the country's administrators and data-protection officers.

    Raises:
        Refused: PERMISSION_DENIED where no person calls, EMERGENCY_UNREVIEWED, and as giving a role.
    """
    require_own(work, principal, principal.name)
    if "/officers/" not in principal.name:
        raise Refused("PERMISSION_DENIED")
    # Locked, so that of two at once the second sees the first.
    await work.officers.find(principal.name, for_change=True)
    if await emergencies.has_open(principal.name):
        raise Refused("EMERGENCY_UNREVIEWED")
    now = work.clock()
    end = now + timedelta(minutes=need.minutes)
    grant = await give(
        work,
        principal.name,
        role=need.role,
        unit=need.unit,
        start_time=None,
        end_time=end,
        creator=principal.name,
        field="emergency.unit",
    )
    emergency = Emergency(
        name=f"countries/{principal.country}/emergencies/{work.ids()}",
        role=need.role,
        unit=need.unit,
        reason=need.reason,
        minutes=need.minutes,
        officer=principal.name,
        grant=grant.name,
        create_time=now,
        end_time=end,
    )
    await emergencies.add(emergency)
    overseers = await work.grants.holders(principal.country, _OVERSEERS, now)
    await work.directory.emergency_declared(emergency.name, tuple(overseers))
    return emergency


async def review_emergency(
    work: Work, emergencies: Emergencies, principal: Principal, name: str, finding: str
) -> Emergency:
    """Closes an emergency of somebody else, and ends the role if it has not ended.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED where no person calls, EMERGENCY_IS_YOUR_OWN, EMERGENCY_REVIEWED.
    """
    require_own(work, principal, name)
    if "/officers/" not in principal.name:
        raise Refused("PERMISSION_DENIED")
    found = await emergencies.find(name)
    if found is None:
        raise Refused("NOT_FOUND", name=name)
    reviewed = found.reviewed(principal.name, finding)
    await emergencies.save(reviewed)
    grant = await work.grants.find(found.grant, for_change=True)
    ended = grant.revoked(work.clock()) if grant is not None else None
    if ended is not None and ended is not grant:
        await work.grants.save(ended)
        await announce(work, found.officer)
    return reviewed
