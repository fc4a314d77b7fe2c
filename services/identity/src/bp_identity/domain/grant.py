"""A grant: a role that an officer holds at a unit for a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bp_identity.domain.names import last_of
from bp_kit.errors import Refused

ROLES = (
    "OFFICER",
    "ANALYST",
    "DUTY_OFFICER",
    "NCB_HEAD",
    "TRAINER",
    "COURSE_MANAGER",
    "LEARNER",
    "LIAISON",
    "DATA_PROTECTION_OFFICER",
    "AUDITOR",
    "ADMINISTRATOR",
    "DONOR_READER",
)
ADMINISTRATOR = "ADMINISTRATOR"
# Nobody gets hold of these by one person's word.
TWO_PERSON_ROLES = (ADMINISTRATOR, "DATA_PROTECTION_OFFICER")
# All of an officer's roles stand in every access token, and a token has 4096 bytes.
MOST_GRANTS = 24


@dataclass(frozen=True)
class Grant:
    """A role at a unit for a time.

    Attributes:
        name: `countries/FJI/officers/ana/grants/0198...`.
        role: One of `ROLES`.
        unit: `countries/FJI/units/ncb`.
        start_time: From when it holds.
        end_time: Until when, exclusive; None until revoked.
        create_time: When it was given.
        creator: Who gave it.
    """

    name: str
    role: str
    unit: str
    start_time: datetime
    end_time: datetime | None
    create_time: datetime
    creator: str

    def in_force(self, now: datetime) -> bool:
        """Tells whether it holds at that moment."""
        return self.start_time <= now and (self.end_time is None or now < self.end_time)

    def revoked(self, now: datetime) -> Grant:
        """Returns it ended by now; itself when it had ended before. One that has not begun never will."""
        if self.end_time is not None and self.end_time <= now:
            return self
        return replace(self, start_time=min(self.start_time, now), end_time=now)

    @property
    def claim(self) -> str:
        """As it stands in a token: `duty_officer@ncb`."""
        return role_claim(self.role, self.unit)


def role_claim(role: str, unit: str) -> str:
    """Returns a role at a unit as it stands in a token: `duty_officer@ncb`."""
    return f"{role.lower()}@{last_of(unit)}"


def check_period(start_time: datetime, end_time: datetime | None, now: datetime) -> None:
    """Refuses a grant that could never hold.

    Raises:
        Refused: GRANT_PERIOD_INVALID.
    """
    if end_time is not None and end_time <= max(start_time, now):
        raise Refused("GRANT_PERIOD_INVALID", field="grant.end_time")


def check_room(grants: Iterable[Grant], now: datetime) -> None:
    """Refuses a further grant to one who holds, or will hold, as many as a token can carry.

    Raises:
        Refused: TOO_MANY_GRANTS.
    """
    if sum(grant.end_time is None or grant.end_time > now for grant in grants) >= MOST_GRANTS:
        raise Refused("TOO_MANY_GRANTS", limit=MOST_GRANTS)


def claims_of(grants: Iterable[Grant], now: datetime) -> tuple[list[str], datetime | None]:
    """Returns what a token made now says of these grants, and when the first of them ends.

    Returns:
        The claims of those in force, sorted, each once; and their earliest end, None when none ends.
    """
    holding = [grant for grant in grants if grant.in_force(now)]
    ends = [grant.end_time for grant in holding if grant.end_time is not None]
    return sorted({grant.claim for grant in holding}), min(ends, default=None)
