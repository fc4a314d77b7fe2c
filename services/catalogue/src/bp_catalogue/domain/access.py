"""Access requests, what was decided about them, and the agreements that follow.

Decisions are kept as a set that only grows, and everything else is derived from it: so people of a country who work apart, and cannot
hear of each other, may both decide, and whoever joins the two sets, in any order and any number of times, gets the same state. The
derivation only ever tightens what was granted:

- A refusal counts, whatever else was decided; after it a withdrawal; after it an approval.
- Of several approvals, the agreement begins with the latest begin and ends with the earliest end.
- A refusal, a withdrawal or an end cuts the agreement at its own moment; no agreement comes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bp_catalogue.domain.names import agreement_name
from bp_kit.errors import Refused

APPROVE, REFUSE, WITHDRAW, END = "APPROVE", "REFUSE", "WITHDRAW", "END"
PENDING, APPROVED, REFUSED, WITHDRAWN = "PENDING", "APPROVED", "REFUSED", "WITHDRAWN"
UPCOMING, ACTIVE, ENDED = "UPCOMING", "ACTIVE", "ENDED"
# The first verdict that is there decides.
_STATES = {REFUSE: REFUSED, WITHDRAW: WITHDRAWN, APPROVE: APPROVED}


@dataclass(frozen=True)
class Period:
    """From when to when, the end not included."""

    begin: datetime
    end: datetime

    def check(self, now: datetime, longest: timedelta) -> None:
        """Checks that it can be agreed on.

        Raises:
            Refused: AGREEMENT_PERIOD_INVALID.
        """
        if not max(self.begin, now) < self.end or self.end - self.begin > longest:
            raise Refused("AGREEMENT_PERIOD_INVALID", field="end_time", limit=str(longest.days))


@dataclass(frozen=True)
class Decision:
    """One person's decision.

    Attributes:
        decision_id: UUID.
        verdict: APPROVE, REFUSE, WITHDRAW or END.
        decider: Who decided.
        decide_time: When.
        note: Why.
        period: Of an approval.
    """

    decision_id: str
    verdict: str
    decider: str
    decide_time: datetime
    note: str = ""
    period: Period | None = None


@dataclass(frozen=True)
class Agreement:
    """That a unit may use a capability.

    Attributes:
        name: `countries/FJI/accessAgreements/{uuid}`.
        request: The access request that made it.
        capability: What may be used.
        unit: Who may use it.
        purpose: A `Purpose` without prefix.
        period: From when to when.
        version: Grows with each decision.
    """

    name: str
    request: str
    capability: str
    unit: str
    purpose: str
    period: Period
    version: int

    def state_at(self, now: datetime) -> str:
        """Returns UPCOMING, ACTIVE or ENDED."""
        if now >= self.period.end:
            return ENDED
        return ACTIVE if now >= self.period.begin else UPCOMING


@dataclass(frozen=True)
class AccessRequest:
    """An officer asks that a unit may use a capability.

    Attributes:
        name: `countries/FJI/accessRequests/{uuid}`.
        capability: What is asked for.
        unit: Who is to use it.
        justification: Why.
        purpose: A `Purpose` without prefix.
        requester: Who asks.
        create_time: When.
        decisions: What was decided.
    """

    name: str
    capability: str
    unit: str
    justification: str
    purpose: str
    requester: str
    create_time: datetime
    decisions: frozenset[Decision] = frozenset()

    @property
    def state(self) -> str:
        """PENDING, APPROVED, REFUSED or WITHDRAWN."""
        verdicts = {decision.verdict for decision in self.decisions}
        return next((state for verdict, state in _STATES.items() if verdict in verdicts), PENDING)

    @property
    def agreement(self) -> Agreement | None:
        """The agreement that its approvals made, if any."""
        periods = [decision.period for decision in self.decisions if decision.period]
        if not periods:
            return None
        cuts = [decision.decide_time for decision in self.decisions if decision.verdict != APPROVE]
        return Agreement(
            name=agreement_name(self.name),
            request=self.name,
            capability=self.capability,
            unit=self.unit,
            purpose=self.purpose,
            period=Period(max(period.begin for period in periods), min([*(period.end for period in periods), *cuts])),
            version=self.version,
        )

    @property
    def history(self) -> list[Decision]:
        """The decisions, oldest first."""
        return sorted(self.decisions, key=lambda decision: (decision.decide_time, decision.decision_id))

    @property
    def version(self) -> int:
        """Grows with each decision."""
        return len(self.decisions)

    @property
    def update_time(self) -> datetime:
        """When it last changed."""
        return max([self.create_time, *(decision.decide_time for decision in self.decisions)])

    def is_open_at(self, now: datetime) -> bool:
        """Tells whether it may still lead to access, or does."""
        agreement = self.agreement
        if self.state == APPROVED and agreement:
            return agreement.state_at(now) != ENDED
        return self.state == PENDING

    def joined(self, decisions: Iterable[Decision]) -> AccessRequest:
        """Returns the request with those decisions, too."""
        return replace(self, decisions=self.decisions | frozenset(decisions))

    def decided(self, decision: Decision) -> AccessRequest:
        """Returns the request with an approval or refusal by a second person.

        Raises:
            Refused: ACCESS_REQUEST_IS_YOUR_OWN, ACCESS_ALREADY_DECIDED.
        """
        if decision.decider == self.requester:
            raise Refused("ACCESS_REQUEST_IS_YOUR_OWN")
        return self._while_pending(decision)

    def withdrawn(self, decision: Decision) -> AccessRequest:
        """Returns the request as who asked takes it back.

        Raises:
            Refused: ACCESS_ALREADY_DECIDED.
        """
        return self._while_pending(decision)

    def ended(self, decision: Decision) -> AccessRequest:
        """Returns the request with its agreement ended.

        Raises:
            Refused: AGREEMENT_ENDED.
        """
        agreement = self.agreement
        if agreement is None or agreement.state_at(decision.decide_time) == ENDED:
            raise Refused("AGREEMENT_ENDED")
        return self.joined([decision])

    def _while_pending(self, decision: Decision) -> AccessRequest:
        if self.state != PENDING:
            raise Refused("ACCESS_ALREADY_DECIDED")
        return self.joined([decision])
