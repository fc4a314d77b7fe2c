"""Whom a notification can reach, and whom a request for one concerns."""

from __future__ import annotations

from dataclasses import dataclass

from bp_kit.errors import Refused
from bp_kit.names import country_of


@dataclass(frozen=True)
class Contact:
    """What identity told of a person.

    Attributes:
        officer: `countries/TON/officers/mele`.
        email: Where e-mail goes; empty for nowhere.
        language: BCP 47; empty when not known.
        grants: (role, unit) pairs held now.
        active: In service; nobody else is told anything.
        version: The highest wins.
    """

    officer: str
    email: str
    language: str
    grants: frozenset[tuple[str, str]]
    active: bool
    version: int


@dataclass(frozen=True)
class Audience:
    """Whom a notification concerns: the holders of roles in a unit, or one officer.

    Attributes:
        unit: `countries/TON/units/ncb`; empty where an officer is named.
        roles: Roles within the unit; empty: everybody in it.
        officer: `countries/TON/officers/mele`; empty where a unit is named.
        among: Of a unit's people only these; empty: all of them.
    """

    unit: str = ""
    roles: frozenset[str] = frozenset()
    officer: str = ""
    among: frozenset[str] = frozenset()

    @property
    def country(self) -> str:
        """The country whose people it concerns."""
        return country_of(self.unit or self.officer)

    def includes(self, contact: Contact) -> bool:
        """Tells whether the person is in service and meant."""
        if not contact.active:
            return False
        if self.officer:
            return contact.officer == self.officer
        if self.among and contact.officer not in self.among:
            return False
        return any(unit == self.unit and (not self.roles or role in self.roles) for role, unit in contact.grants)


def check_audience(audience: Audience, author: str, home: frozenset[str]) -> None:
    """Refuses what names nobody or two, and what a country asks for people who are not its own and kept here.

    Args:
        audience: Whom it concerns.
        author: Who asks: a country's or a unit's name.
        home: Codes of the countries whose people are kept here.

    Raises:
        Refused: INVALID_FIELD, PERMISSION_DENIED.
    """
    if bool(audience.unit) == bool(audience.officer):
        raise Refused("INVALID_FIELD", field="unit", description="name either a unit or an officer")
    if audience.country != country_of(author) or audience.country not in home:
        raise Refused("PERMISSION_DENIED")
