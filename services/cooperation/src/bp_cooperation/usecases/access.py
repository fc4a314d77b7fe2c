"""Whether somebody may do something with a record. The same decision for everything, by what the record's handling says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from bp_access.deciding import Decider, Decision
from bp_access.question import Information, Person, Question
from bp_cooperation.domain.handling import TLP, Handling
from bp_cooperation.domain.names import is_reply
from bp_cooperation.domain.reply import Reply
from bp_cooperation.domain.request import DRAFT, Request
from bp_kit.errors import Refused
from bp_kit.names import country_of

if TYPE_CHECKING:
    from bp_cooperation.usecases.asking import Caller
    from bp_cooperation.usecases.work import Work

Record: TypeAlias = Request | Reply

FIND, READ, READ_AUTHOR, EXPORT = "find", "read", "readAuthor", "export"
NOTIFY, REPLY, FORWARD = "notify", "reply", "forward"
_ANY_PURPOSE = "INVESTIGATION"
# A purpose is what somebody looks for; these acts follow from having looked, for the record's own.
_FOR_ITS_OWN = (READ_AUTHOR, NOTIFY, REPLY, FORWARD)


def information_of(record: Record) -> Information:
    """Returns what a decision needs to know of a record. What its retention time has passed for was emptied before, and may be known of."""
    return information(record.handling, record.unit, () if record.state == DRAFT else record.units)


def information(handling: Handling, unit: str, audience: Iterable[str]) -> Information:
    """Returns what a decision needs to know of something that comes from a unit and is for an audience."""
    return Information(
        unit=unit,
        recipients=tuple(one for one in audience if one != unit),
        tlp=handling.tlp,
        purpose=handling.purpose,
        releasable_to=handling.releasable_to,
        codes=handling.codes,
        operation=handling.operation,
        exercise=handling.exercise,
    )


class Access:
    """Decides for one node.

    Args:
        decider: By everybody's rules and the country's own.
    """

    def __init__(self, decider: Decider) -> None:
        self._decider = decider
        self._everybodys = Decider()

    def decide(self, caller: Caller, act: str, record: Record, *, to: str = "") -> Decision:
        """Returns whether a caller may do it through any one of the units they act for, and why.

        Args:
            caller: Who.
            act: One of `bp_access.question.ACTS`.
            record: With what.
            to: Code of the country that it would be forwarded to.
        """
        return self.decide_on(caller, act, information_of(record), to=to)

    def decide_on(self, caller: Caller, act: str, about: Information, *, to: str = "") -> Decision:
        """Returns the same for what a record's handling says."""
        purpose = "" if act == FIND else about.purpose if act in _FOR_ITS_OWN else caller.purpose
        question = Question(_person(caller, ""), act, about, purpose, to=to)
        decisions = [
            self._decider.decide(replace(question, person=_person(caller, unit)))
            for unit in sorted(caller.units & {about.unit, *about.recipients})
        ]
        allowed = next((decision for decision in decisions if decision.allowed), None)
        return allowed or (decisions[0] if decisions else self._decider.decide(question))

    def allows(self, caller: Caller, act: str, record: Record) -> bool:
        """Tells whether a caller may do it."""
        return self.decide(caller, act, record).allowed

    def finds(self, caller: Caller, about: Information | None) -> bool:
        """Tells whether a caller may know of something; where nothing is there (None), it takes as much work to say no."""
        asked = about or Information(
            unit=min(caller.units, default=""), recipients=(), tlp=TLP[-1], purpose=_ANY_PURPOSE
        )
        return self.decide_on(caller, FIND, asked).allowed and about is not None

    def labels(self, caller: Caller) -> list[str]:
        """Returns the labels of what a caller may know of: what lists need not read. By everybody's rules, which speak of labels alone."""
        people = [(unit, _person(caller, unit)) for unit in sorted(caller.units)]
        return [
            tlp
            for tlp in TLP
            if any(
                self._everybodys.allows(Question(person, FIND, Information(unit, (), tlp, _ANY_PURPOSE)))
                for unit, person in people
            )
        ]

    def require(self, caller: Caller, act: str, record: Record, *, to: str = "") -> None:
        """Refuses what a record's handling does not let its finder do.

        Raises:
            Refused: HANDLING_FORBIDS.
        """
        decision = self.decide(caller, act, record, to=to)
        if not decision.allowed:
            raise Refused("HANDLING_FORBIDS", act=act, rule=decision.rules[0].rule_id)

    def told(self, record: Record, unit: str, roles: Iterable[str]) -> list[str]:
        """Returns the roles at a unit whose holders may be told of a record."""
        known = information_of(record)
        if unit != known.unit:
            # Whoever tells it has seen that the record is for the unit, be it only from now on.
            known = replace(known, recipients=(*known.recipients, unit))
        country = unit.split("/")[1]
        # Of what belongs to an operation, its members are told, and nobody else; who is one, the outlet says.
        takes_part = frozenset({known.operation} - {""})
        people = {role: Person(country, frozenset({(role, unit)}), operations=takes_part) for role in roles}
        return [
            role
            for role, person in people.items()
            if self._decider.allows(Question(person, NOTIFY, known, known.purpose))
        ]


def _person(caller: Caller, unit: str) -> Person:
    grants = frozenset((role, at) for role, at in caller.grants if at == unit)
    return Person(caller.country, grants, caller.clearance, caller.operations)


async def explain(work: Work, asked: Caller, act: str, name: str, *, to: str) -> Decision:
    """Returns whether a person of the asker's country may do something with a record, and why.

    Raises:
        Refused: NOT_FOUND, also for what no unit of that country sent or was sent.
    """
    found = await (work.replies if is_reply(name) else work.requests).find(name)
    if found is None or all(country_of(unit) != asked.country for unit in found.units):
        raise Refused("NOT_FOUND", name=name)
    person = replace(asked, operations=await work.operations.of_officer(asked.name, work.clock()))
    # That it was there is known even afterwards.
    expired = act != FIND and found.handling.expired(work.clock())
    return work.access.decide_on(person, act, replace(information_of(found), expired=expired), to=to)
