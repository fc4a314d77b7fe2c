"""Directives: what the unit that sent something tells all who hold it, and what each of them answers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from bp_cooperation.domain.handling import Handling
from bp_cooperation.domain.names import request_of

RECALL, CORRECTION, HANDLING, EXPIRY = "RECALL", "CORRECTION", "HANDLING", "EXPIRY"
RETENTION, DATA_SUBJECT = "RETENTION", "DATA_SUBJECT"
AWAITED, DONE, DONE_AFTER_OPENING, NOT_HELD, REFUSED = "AWAITED", "DONE", "DONE_AFTER_OPENING", "NOT_HELD", "REFUSED"


@dataclass(frozen=True)
class Revision:
    """A wording of a request or a reply.

    Attributes:
        record: The request or the reply.
        number: Counts from 1.
        title: Of a request; else empty.
        text: Its text.
        bundle: The JSON text of a STIX 2.1 bundle; empty for none.
        revise_time: When it was written.
    """

    record: str
    number: int
    title: str
    text: str
    bundle: str
    revise_time: datetime


@dataclass(frozen=True)
class Directive:
    """What a unit tells about what it sent.

    Attributes:
        name: `countries/FJI/requests/{uuid}/directives/{uuid}`.
        record: The request or the reply.
        kind: RECALL, CORRECTION, HANDLING or EXPIRY.
        unit: Who sent the record.
        officer: Who told it; empty for EXPIRY.
        ground: A value of `DirectiveGround`, without prefix.
        create_time: When it was told.
        due_time: Who has not answered by then is overdue.
        handling: For HANDLING: the conditions from now on.
        downgrade: For HANDLING: they may become looser.
        revision: For CORRECTION: the new revision's number; else 0.
        arrive_time: When it arrived for units here; None where it was only told from here, or not yet.
        overdue_told: Its unit was notified that answers are overdue.
    """

    name: str
    record: str
    kind: str
    unit: str
    officer: str
    ground: str
    create_time: datetime
    due_time: datetime
    handling: Handling | None = None
    downgrade: bool = False
    revision: int = 0
    arrive_time: datetime | None = None
    overdue_told: bool = False

    def arrived(self, now: datetime) -> Directive:
        """Returns it as it is once its message has come here."""
        return replace(self, arrive_time=now)

    def noted_overdue(self) -> Directive:
        """Returns it as its unit was notified that answers are overdue."""
        return replace(self, overdue_told=True)

    def applied_to(self, known: Handling) -> Handling:
        """Returns the conditions that a holder keeps something under from now on: never looser than it knows, but with permission.

        The purpose, and whether it is an exercise, never change.
        """
        told = self.handling or known
        told = replace(told, purpose=known.purpose, exercise=known.exercise)
        return told if self.downgrade else known.tightened(told)


@dataclass(frozen=True)
class Answer:
    """What a unit that holds a record answered.

    Attributes:
        directive: The directive.
        unit: Who answers.
        state: AWAITED, DONE, DONE_AFTER_OPENING, NOT_HELD or REFUSED.
        ground: Why, for REFUSED.
        answer_time: When; None while it is awaited.
        open_time: When somebody of the unit had opened the record; None where nobody had.
    """

    directive: str
    unit: str
    state: str = AWAITED
    ground: str = ""
    answer_time: datetime | None = None
    open_time: datetime | None = None


def done(directive: str, unit: str, now: datetime, open_time: datetime | None) -> Answer:
    """Returns the answer of a unit whose node did what it was told."""
    state = DONE_AFTER_OPENING if open_time else DONE
    return Answer(directive, unit, state, answer_time=now, open_time=open_time)


def settled(known: Answer, told: Answer) -> Answer:
    """Returns the answer that counts: the first that was given, but that what was refused or not held can still be done."""
    if known.state in (DONE, DONE_AFTER_OPENING):
        return known
    if known.state == AWAITED or told.state in (DONE, DONE_AFTER_OPENING):
        return told
    return known


def expiry_name(record: str) -> str:
    """Returns the name of the directive by which a record's expiry is answered: every node knows it without being told."""
    return f"{request_of(record)}/directives/{uuid.uuid5(uuid.NAMESPACE_URL, f'{record}#expiry')}"
