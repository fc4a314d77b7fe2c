"""What a data-protection officer has all services do about a person, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from bp_kit.errors import Refused
from bp_kit.names import country_of

RUNNING, DONE = "RUNNING", "DONE"
FIND, BLOCK, CORRECT, ERASE = "FIND", "BLOCK", "CORRECT", "ERASE"
# What must not be undone by going back to a backup.
LASTING = (BLOCK, ERASE)
_FIELD = "subject_operation"
_OFFICER_FIELDS = frozenset({"given_name", "family_name", "email"})
_PERSON_FIELDS = frozenset({"display_name"})


@dataclass(frozen=True)
class Subject:
    """Whom it is about.

    Attributes:
        officer: One of the own people; may be empty.
        display_name: A name as records have it; may be empty.
        identifier: A number or address; may be empty.
    """

    officer: str = ""
    display_name: str = ""
    identifier: str = ""


@dataclass(frozen=True)
class SubjectOperation:
    """An operation.

    Attributes:
        name: `countries/FJI/subjectOperations/{uuid}`.
        act: `FIND`, `BLOCK`, `UNBLOCK`, `CORRECT`, `ERASE`, `HOLD` or `RELEASE`.
        subject: Whom it is about.
        records: Nothing but these; empty: all that is found.
        corrections: What is right, by field.
        reason: Why.
        officer: Who asked for it.
        state: `RUNNING` or `DONE`.
        create_time: When it was asked for.
        update_time: When the last answer came.
    """

    name: str
    act: str
    subject: Subject
    officer: str
    create_time: datetime
    update_time: datetime
    records: tuple[str, ...] = ()
    corrections: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    state: str = RUNNING

    def check(self) -> None:
        """Refuses what nobody could carry out.

        Raises:
            Refused: INVALID_FIELD.
        """
        subject = self.subject
        named = bool(subject.officer or subject.display_name or subject.identifier)
        if not named and (not self.records or self.act in (FIND, CORRECT)):
            raise _invalid("subject", "names nobody")
        if subject.officer and (subject.display_name or subject.identifier):
            raise _invalid("subject", "names an officer, or somebody by name and identifier; not both")
        if subject.officer and country_of(subject.officer) != country_of(self.name):
            raise _invalid("subject.officer", "is not of your country")
        if self.act != FIND and not self.reason.strip():
            raise _invalid("reason", "is needed")
        if bool(self.corrections) != (self.act == CORRECT):
            raise _invalid("corrections", "belong to CORRECT, which needs them")
        fitting = _OFFICER_FIELDS if subject.officer else _PERSON_FIELDS
        if set(self.corrections) - fitting:
            raise _invalid("corrections", f"can put right {', '.join(sorted(fitting))}")

    def answered(self, now: datetime, *, all_of_them: bool) -> SubjectOperation:
        """Returns it after one more answer; once all have come, an erased person is named here no more."""
        if not all_of_them:
            return replace(self, update_time=now)
        subject = Subject(self.subject.officer) if self.act == ERASE else self.subject
        return replace(self, state=DONE, subject=subject, update_time=now)


@dataclass(frozen=True)
class Asked:
    """One service of one country that was asked.

    Attributes:
        country: `TON`.
        service: `cooperation`.
        ask_time: When.
        answer_time: When it answered; None: not yet.
        answer: What, serialised.
    """

    country: str
    service: str
    ask_time: datetime
    answer_time: datetime | None = None
    answer: bytes = b""


def _invalid(name: str, description: str) -> Refused:
    return Refused("INVALID_FIELD", field=f"{_FIELD}.{name}", description=description)
