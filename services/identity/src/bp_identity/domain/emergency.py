"""An emergency: a role that an officer took without anybody's leave, to be reviewed by somebody else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bp_kit.errors import Refused

OPEN, REVIEWED = "OPEN", "REVIEWED"


@dataclass(frozen=True)
class Emergency:
    """A role taken.

    Attributes:
        name: `countries/FJI/emergencies/0198...`.
        role: One of `bp_identity.domain.grant.ROLES`.
        unit: `countries/FJI/units/ncb`.
        reason: Why it could not wait.
        minutes: For how long.
        officer: Who took it.
        grant: The grant that it is, by name.
        create_time: When it was taken.
        end_time: When the role ends by itself.
        state: `OPEN` or `REVIEWED`.
        reviewer: Who reviewed it; empty before.
        finding: What the review found; empty before.
    """

    name: str
    role: str
    unit: str
    reason: str
    minutes: int
    officer: str
    grant: str
    create_time: datetime
    end_time: datetime
    state: str = OPEN
    reviewer: str = ""
    finding: str = ""

    def reviewed(self, reviewer: str, finding: str) -> Emergency:
        """Returns it closed.

        Raises:
            Refused: EMERGENCY_IS_YOUR_OWN, EMERGENCY_REVIEWED.
        """
        if reviewer == self.officer:
            raise Refused("EMERGENCY_IS_YOUR_OWN")
        if self.state != OPEN:
            raise Refused("EMERGENCY_REVIEWED")
        return replace(self, state=REVIEWED, reviewer=reviewer, finding=finding)
