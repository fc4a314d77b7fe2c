"""The quarterly question whether somebody should still hold a role."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bp_kit.errors import Refused

OPEN, CONFIRMED, REMOVED, LAPSED = "OPEN", "CONFIRMED", "REMOVED", "LAPSED"
PERIOD = timedelta(days=30)
REMINDERS = (timedelta(days=14), timedelta(days=3))
_MONTHS = 3


def quarter_of(now: datetime) -> datetime:
    """Returns when the quarter of a moment began."""
    first_month = now.month - (now.month - 1) % _MONTHS
    return now.replace(month=first_month, day=1, hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class AccessReview:
    """One role in question.

    Attributes:
        name: `countries/FJI/accessReviews/0198...`.
        grant: The grant in question, by name.
        officer: Who holds it.
        role: One of `bp_identity.domain.grant.ROLES`.
        unit: At which unit.
        quarter: When the quarter that it is asked for began.
        create_time: When it was asked.
        due_time: When the role ends if nobody has answered.
        state: `OPEN`, `CONFIRMED`, `REMOVED` or `LAPSED`.
        reviewer: Who answered; empty before.
        reminders: How often administrators were reminded.
    """

    name: str
    grant: str
    officer: str
    role: str
    unit: str
    quarter: datetime
    create_time: datetime
    due_time: datetime
    state: str = OPEN
    reviewer: str = ""
    reminders: int = 0

    def answered(self, state: str, reviewer: str) -> AccessReview:
        """Returns it answered.

        Raises:
            Refused: ACCESS_REVIEW_CLOSED; ACCESS_REVIEW_IS_YOUR_OWN where somebody would confirm an own role.
        """
        if self.state != OPEN:
            raise Refused("ACCESS_REVIEW_CLOSED")
        if state == CONFIRMED and reviewer == self.officer:
            raise Refused("ACCESS_REVIEW_IS_YOUR_OWN")
        return replace(self, state=state, reviewer=reviewer)

    def lapsed(self) -> AccessReview:
        """Returns it as it stands when nobody answered."""
        return replace(self, state=LAPSED)

    def reminded(self, now: datetime) -> AccessReview:
        """Returns it with the reminders that are due by now; itself where none is."""
        due = sum(self.due_time - now <= before for before in REMINDERS)
        return replace(self, reminders=due) if due > self.reminders else self
