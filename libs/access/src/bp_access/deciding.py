"""The decision, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cedarpy

from bp_access.question import Case, Question, case_of
from bp_access.rules import Code, Rule, Rules, codes, load_rules, purposes

_PERSON = {"type": "BluePacific::Person", "id": "asks"}
_INFORMATION = {"type": "BluePacific::Information", "id": "asked"}
_CASES_KEPT = 4096
_NOTHING_PERMITS = Rule(
    "nothing.permits",
    permits=False,
    texts={
        "en": "No rule permits it.",
        "fr": "Aucune règle ne le permet.",
        "es": "Ninguna regla lo permite.",
        "ar": "لا توجد قاعدة تسمح بذلك.",
    },
)


@dataclass(frozen=True)
class Decision:
    """Whether it may be done, and by which rules.

    Attributes:
        allowed: It may.
        rules: Those that decided: what permits, or what forbids; `nothing.permits` where none does.
    """

    allowed: bool
    rules: tuple[Rule, ...]


class Decider:
    """Answers questions by everybody's policies and one country's own.

    Args:
        country_rules: Cedar text of the country's own policies, which can only forbid.

    Raises:
        RulesNotAllowedError: They cannot be taken.
    """

    def __init__(self, country_rules: str = "") -> None:
        self._rules: Rules = load_rules(country_rules)
        # A case names nobody, so few differ; the answer to a case never changes.
        self._decided = lru_cache(maxsize=_CASES_KEPT)(self._decide)

    def allows(self, question: Question) -> bool:
        """Tells whether it may be done."""
        return self.decide(question).allowed

    def decide(self, question: Question) -> Decision:
        """Returns whether it may be done, and why.

        Raises:
            ValueError: The question does not fit the policies' schema: an unknown act or purpose.
        """
        return self._decided(case_of(question))

    def _decide(self, case: Case) -> Decision:
        entities = cedarpy.Entities.from_json_str(_entities(case), self._rules.schema)
        answer = cedarpy.is_authorized(_request(case), self._rules.policies, entities, self._rules.schema)
        if answer.decision is cedarpy.Decision.NoDecision or answer.diagnostics.errors:
            # A policy that cannot be evaluated would otherwise be skipped, a forbidding one too.
            raise ValueError(f"no decision: {answer.diagnostics.errors}")
        rules = tuple(sorted((self._rules.by_policy[one] for one in answer.diagnostics.reasons), key=_by_id))
        return Decision(answer.allowed, rules or (_NOTHING_PERMITS,))


def _by_id(rule: Rule) -> str:
    return rule.rule_id


def _request(case: Case) -> dict[str, Any]:
    stands = case.circumstances
    return {
        "principal": _PERSON,
        "action": {"type": "BluePacific::Action", "id": case.act},
        "resource": _INFORMATION,
        "context": {
            "purpose": stands.purpose,
            "rolesThere": sorted(stands.roles_there),
            "rolesInHoldingCountry": sorted(stands.roles_in_holding_country),
            "own": stands.own,
            "ownCountry": stands.own_country,
            "permitted": stands.permitted,
            "to": stands.to,
        },
    }


def _entities(case: Case) -> str:
    operation = "asked" if case.operation else ""
    barred = [_code(code) for code in case.codes]
    person = {
        "country": case.country,
        "clearance": case.clearance,
        "operations": [operation] if case.takes_part else [],
    }
    information = {
        "tlp": case.tlp,
        "usableFor": sorted(_usable_for(case)),
        "releasableTo": list(case.releasable_to),
        "barredPurposes": sorted({purpose for code in barred for purpose in code.purposes}),
        "barredActs": sorted({act for code in barred for act in code.acts}),
        "clearance": max((code.clearance for code in barred), default=0),
        "operation": operation,
        "exercise": case.exercise,
        "expired": case.expired,
    }
    return json.dumps([_entity(_PERSON, person), _entity(_INFORMATION, information)])


def _entity(uid: Mapping[str, str], attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"uid": uid, "attrs": attributes, "parents": []}


def _usable_for(case: Case) -> frozenset[str]:
    if case.purpose not in purposes():
        raise ValueError(f"no purpose of the list: {case.purpose}")
    uses = purposes()[case.purpose]
    return uses | {"TRAINING"} if case.exercise else uses


def _code(name: str) -> Code:
    # What a newer release means by a code that is not known here may be strict; who was sent it must be able to read it all the same.
    return codes().get(name, codes()["H3"])
