"""What a decision is about: a person, an act, a piece of information, a purpose."""

from __future__ import annotations

from dataclasses import dataclass, field

ACTS = ("find", "read", "readAuthor", "export", "notify", "reply", "forward", "audit")
TLP = ("CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED")


@dataclass(frozen=True)
class Person:
    """Who wants to know.

    Attributes:
        country: ISO 3166-1 alpha-3 code of the country that vouches for them.
        grants: (role, unit name) pairs: `("officer", "countries/FJI/units/ncb")`.
        clearance: From 0.
        operations: Names of the operations they take part in.
    """

    country: str
    grants: frozenset[tuple[str, str]]
    clearance: int = 0
    operations: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Information:
    """What it is, as its handling says.

    Attributes:
        unit: Name of the unit that it comes from.
        recipients: Names of the units that it was sent to.
        tlp: One of `TLP`.
        purpose: The purpose it was shared for; a key of purposes.yaml.
        releasable_to: Codes of the countries that may have it; empty: its addressees, whoever they are.
        codes: Handling codes; those of codes.yaml, or newer ones.
        operation: The operation it belongs to; empty: none.
        exercise: It belongs to an exercise.
        expired: Its retention time has passed.
    """

    unit: str
    recipients: tuple[str, ...]
    tlp: str
    purpose: str
    releasable_to: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    operation: str = ""
    exercise: bool = False
    expired: bool = False


@dataclass(frozen=True)
class Question:
    """May this person do this?

    Attributes:
        person: Who.
        act: One of `ACTS`.
        information: With what.
        purpose: Why; empty: not stated.
        to: Code of the country of the unit that it would be forwarded to.
        permitted: The owner has signed a permission for this very act.
    """

    person: Person
    act: str
    information: Information
    purpose: str = ""
    to: str = ""
    permitted: bool = False


@dataclass(frozen=True)
class Circumstances:
    """How the person stands to the information: the part of a question that names nobody."""

    purpose: str
    roles_there: frozenset[str]
    roles_in_holding_country: frozenset[str]
    own: bool
    own_country: bool
    permitted: bool
    to: str


@dataclass(frozen=True)
class Case:
    """A question without names: questions of the same case have the same answer."""

    act: str
    country: str
    clearance: int
    takes_part: bool
    tlp: str
    purpose: str
    releasable_to: tuple[str, ...]
    codes: tuple[str, ...]
    operation: bool
    exercise: bool
    expired: bool
    circumstances: Circumstances = field()


def case_of(question: Question) -> Case:
    """Returns a question's case."""
    person, information = question.person, question.information
    return Case(
        act=question.act,
        country=person.country,
        clearance=person.clearance,
        takes_part=information.operation in person.operations,
        tlp=information.tlp,
        purpose=information.purpose,
        releasable_to=information.releasable_to,
        codes=information.codes,
        operation=bool(information.operation),
        exercise=information.exercise,
        expired=information.expired,
        circumstances=_circumstances(question),
    )


def _circumstances(question: Question) -> Circumstances:
    person, information = question.person, question.information
    there = {information.unit, *information.recipients}
    holding = {country_of(unit) for unit in there}
    return Circumstances(
        purpose=question.purpose,
        roles_there=frozenset(role for role, unit in person.grants if unit in there),
        roles_in_holding_country=frozenset(role for role, unit in person.grants if country_of(unit) in holding),
        own=any(unit == information.unit for _, unit in person.grants),
        own_country=person.country == country_of(information.unit),
        permitted=question.permitted,
        to=question.to,
    )


def country_of(name: str) -> str:
    """Returns the code of the country that a name begins with: `countries/FJI/units/ncb` -> `FJI`."""
    return name.split("/")[1] if name.startswith("countries/") else ""
