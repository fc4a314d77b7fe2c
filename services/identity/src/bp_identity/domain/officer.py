"""An officer: a person who works in a country's units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bp_kit.errors import Refused

ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"


@dataclass(frozen=True)
class Person:
    """What an administrator may say about a person.

    Attributes:
        given_name: Given name.
        family_name: Family name.
        email: Where notifications go; lower case, unique in the country.
        gender: A `Gender` without prefix, for counts only.
        language: BCP 47; empty when not known.
        clearance: How far the own country has cleared the person, from 0.
    """

    given_name: str
    family_name: str
    email: str
    gender: str = "UNDISCLOSED"
    language: str = ""
    clearance: int = 0

    def checked(self) -> Person:
        """Returns it as it is kept.

        Raises:
            Refused: INVALID_FIELD for what is needed and not there.
        """
        kept = replace(
            self,
            given_name=self.given_name.strip(),
            family_name=self.family_name.strip(),
            email=normalise_email(self.email),
        )
        for field in ("given_name", "family_name", "email"):
            if not getattr(kept, field):
                raise Refused("INVALID_FIELD", field=f"officer.{field}", rule="required")
        return kept


@dataclass(frozen=True)
class Officer:
    """An officer's record.

    Attributes:
        name: `countries/FJI/officers/ana`.
        person: Who it is.
        state: `ACTIVE` or `INACTIVE`.
        version: Grows by one with each change of the record or its grants.
        create_time: When it was created.
        update_time: When it last changed.
        totp_enrolled: A one-time code is asked for at sign-in.
        deactivator: Who deactivated the officer; empty while active.
    """

    name: str
    person: Person
    state: str
    version: int
    create_time: datetime
    update_time: datetime
    totp_enrolled: bool = False
    deactivator: str = ""

    @property
    def display_name(self) -> str:
        """Given and family name."""
        return f"{self.person.given_name} {self.person.family_name}"

    @property
    def active(self) -> bool:
        """Whether the person may sign in."""
        return self.state == ACTIVE

    def with_person(self, person: Person, now: datetime) -> Officer:
        """Returns the next version about this person; itself when nothing changes."""
        if person == self.person:
            return self
        return replace(self, person=person, version=self.version + 1, update_time=now)

    def with_state(self, state: str, by: str, now: datetime) -> Officer:
        """Returns the next version in this state, which somebody puts it in; itself when it is in it."""
        if state == self.state:
            return self
        deactivator = by if state == INACTIVE else ""
        return replace(self, state=state, deactivator=deactivator, version=self.version + 1, update_time=now)

    def touched(self, now: datetime) -> Officer:
        """Returns the next version after a change of the grants."""
        return replace(self, version=self.version + 1, update_time=now)


def normalise_email(address: str) -> str:
    """Returns the address as it is kept and compared: in practice no mail server tells case apart."""
    return address.strip().lower()
