"""What an officer may do now, for a call that was made with a token of some time ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bp_identity.domain.grant import claims_of
from bp_identity.usecases.work import Work
from bp_kit.errors import Refused


@dataclass(frozen=True)
class Standing:
    """As a token made now would say it."""

    roles: list[str]
    clearance: int


async def find_standing(work: Work, officer: str, client: str, issued: datetime) -> Standing:
    """Returns what an officer may do now.

    Args:
        work: The transaction's parts.
        officer: Whose token it was.
        client: Through which it was issued; may be empty.
        issued: When.

    Raises:
        Refused: NOT_FOUND: the officer has left or signed out since, or a session of then was ended, or the client voided.
    """
    found = await work.officers.find(officer)
    if found is None or not found.active or await work.sessions.ended_since(officer, issued):
        raise Refused("NOT_FOUND", name=officer)
    # Roles and clearance that changed are no reason: the ones of now are told.
    voided = await work.voids.of(client) if client else None
    if voided is not None and issued < voided:
        raise Refused("NOT_FOUND", name=officer)
    roles, _ = claims_of(await work.grants.of_officer(officer), work.clock())
    return Standing(roles, found.person.clearance)
