"""A proposal: an act that takes effect only once a second person has confirmed it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bp_kit.errors import Refused

OPEN, CONFIRMED, REFUSED = "OPEN", "CONFIRMED", "REFUSED"
# Long enough for a weekend, too short for the reason to be forgotten.
LIFETIME = timedelta(days=3)


@dataclass(frozen=True)
class Proposal:
    """A call that waits.

    Attributes:
        name: `countries/FJI/proposals/0198...`.
        method: What was called, by gRPC path.
        act: Its permission: `identity.officers.activate`.
        subject: The record that it is about.
        request: What it was called with, serialised.
        proposer: Who called.
        create_time: When.
        expire_time: From when on it can no longer be confirmed.
        state: `OPEN`, `CONFIRMED` or `REFUSED`.
        decider: Who confirmed or refused it; empty before.
    """

    name: str
    method: str
    act: str
    subject: str
    request: bytes
    proposer: str
    create_time: datetime
    expire_time: datetime
    state: str = OPEN
    decider: str = ""

    def confirmed(self, officer: str, now: datetime) -> Proposal:
        """Returns it confirmed by a second person.

        Raises:
            Refused: PROPOSAL_IS_YOUR_OWN, PROPOSAL_CLOSED.
        """
        if officer == self.proposer:
            raise Refused("PROPOSAL_IS_YOUR_OWN")
        return self._decided(CONFIRMED, officer, now)

    def refused(self, officer: str, now: datetime) -> Proposal:
        """Returns it refused, or taken back.

        Raises:
            Refused: PROPOSAL_CLOSED.
        """
        return self._decided(REFUSED, officer, now)

    def _decided(self, state: str, officer: str, now: datetime) -> Proposal:
        if self.state != OPEN or now >= self.expire_time:
            raise Refused("PROPOSAL_CLOSED")
        return replace(self, state=state, decider=officer)
