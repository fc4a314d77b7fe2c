"""Enrolments, credentials and learners."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bp_training.domain.statement import COMPLETED, Progress


@dataclass(frozen=True)
class Enrolment:
    """An officer takes a course.

    Attributes:
        name: `countries/TON/enrolments/{uuid}`.
        learner: `countries/TON/officers/mele`.
        course: The course.
        package: The package it began with.
        state: ENROLLED, IN_PROGRESS or COMPLETED; as derived when the last statement arrived.
        version: Counts changes.
        create_time: When it was created.
        complete_time: When the last lesson was passed.
        credential: Name of the credential issued for it; empty before.
    """

    name: str
    learner: str
    course: str
    package: str
    state: str
    version: int
    create_time: datetime
    complete_time: datetime | None = None
    credential: str = ""

    def advanced(self, progress: Progress) -> Enrolment:
        """Returns the enrolment as its statements now put it."""
        return replace(self, state=progress.state, complete_time=progress.complete_time, version=self.version + 1)

    def credited(self, credential: str) -> Enrolment:
        """Returns the enrolment with the credential issued for it."""
        return replace(self, credential=credential)

    @property
    def awaits_credential(self) -> bool:
        """Tells whether it is completed and no credential was issued yet; one is issued once."""
        return self.state == COMPLETED and not self.credential


@dataclass(frozen=True)
class Credential:
    """Proof of completion, as it was signed.

    Attributes:
        name: `countries/TON/credentials/{uuid}`.
        enrolment: What it was issued for.
        learner: Whose it is.
        course: What was completed.
        title: The course's English title then.
        jwt: The signed credential.
        issue_time: When it was issued.
    """

    name: str
    enrolment: str
    learner: str
    course: str
    title: str
    jwt: str
    issue_time: datetime


@dataclass(frozen=True)
class Learner:
    """What is known of a person: enough to count, nothing that names.

    Attributes:
        officer: `countries/TON/officers/mele`.
        gender: FEMALE, MALE, OTHER or UNDISCLOSED.
        units: Where the person holds a role.
        active: In service.
        version: The highest wins.
    """

    officer: str
    gender: str
    units: tuple[str, ...]
    active: bool
    version: int
