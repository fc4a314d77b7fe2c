"""The policies as they stand in files, with what is handling's own data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import cedarpy
import yaml

LANGUAGES = ("en", "fr", "es", "ar")
_ROOM = files("bp_access")
_MAX_CHARACTERS = 64 * 1024
# White space and comments; texts, in which a semicolon ends nothing; and all else, letter by letter.
_PIECE = re.compile(r'(?P<nothing>\s+|//[^\n]*)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<letter>.)', re.DOTALL)


class RulesNotAllowedError(ValueError):
    """Rules that a country wrote are not taken: they would not parse, do not fit the schema, or would permit something.

    Args:
        why: For a person.
        line: Where the policy begins, from 1.
    """

    def __init__(self, why: str, line: int = 1) -> None:
        super().__init__(f"line {line}: {why}")
        self.why = why
        self.line = line


@dataclass(frozen=True)
class Rule:
    """One policy.

    Attributes:
        rule_id: Its `@id`: `tlp.red`.
        permits: It permits; else it forbids, whatever others permit.
        texts: What it says, by language.
        country: Its country's own.
    """

    rule_id: str
    permits: bool
    texts: Mapping[str, str]
    country: bool = False


@dataclass(frozen=True)
class Code:
    """What a handling code bars until the owner permits it.

    Attributes:
        purposes: Purposes.
        acts: Acts.
        clearance: The lowest clearance that may have it.
    """

    purposes: frozenset[str]
    acts: frozenset[str]
    clearance: int


@dataclass(frozen=True)
class Rules:
    """A set of policies to decide by.

    Attributes:
        policies: Parsed.
        schema: Parsed.
        by_policy: Each policy's rule, by the id that the parser gave it.
    """

    policies: cedarpy.PolicySet
    schema: cedarpy.Schema
    by_policy: Mapping[str, Rule]


@cache
def purposes() -> Mapping[str, frozenset[str]]:
    """Returns, for each purpose that information is shared for, the purposes it may be used for."""
    told: dict[str, list[str]] = yaml.safe_load(_ROOM.joinpath("purposes.yaml").read_text("utf-8"))
    return {purpose: frozenset(uses) for purpose, uses in told.items()}


@cache
def codes() -> Mapping[str, Code]:
    """Returns the handling codes."""
    told: dict[str, dict[str, Any]] = yaml.safe_load(_ROOM.joinpath("codes.yaml").read_text("utf-8"))
    return {
        name: Code(frozenset(one["purposes"]), frozenset(one["acts"]), int(one["clearance"]))
        for name, one in told.items()
    }


def load_rules(country_rules: str = "") -> Rules:
    """Reads everybody's policies, and a country's own beside them.

    Args:
        country_rules: Cedar text of the country's own policies. They can only forbid.

    Raises:
        RulesNotAllowedError: The country's policies would permit something, or are not policies of this schema.
    """
    schema_text = _ROOM.joinpath("policies", "schema.cedarschema").read_text("utf-8")
    schema = cedarpy.Schema.from_str(schema_text)
    everybodys = "\n".join(
        one.read_text("utf-8")
        for one in sorted(_ROOM.joinpath("policies").iterdir(), key=lambda one: one.name)
        if one.name.endswith(".cedar")
    )
    if country_rules:
        _check_country(country_rules, schema)
    text = f"{everybodys}\n{country_rules}"
    own = len(_policies(everybodys))
    rules = {
        policy_id: _rule(policy, country=number >= own)
        for number, (policy_id, policy) in enumerate(_policies(text).items())
    }
    return Rules(cedarpy.PolicySet.from_str(text), schema, rules)


def _check_country(text: str, schema: cedarpy.Schema) -> None:
    if len(text) > _MAX_CHARACTERS:
        raise RulesNotAllowedError(f"more than {_MAX_CHARACTERS} characters")
    for line, statement in _statements(text):
        try:
            _check_policy(statement, schema)
        except ValueError as error:
            raise RulesNotAllowedError(str(error), line) from None


def _check_policy(text: str, schema: cedarpy.Schema) -> None:
    for policy in _policies(text).values():
        rule = _rule(policy, country=True)
        if rule.permits:
            raise ValueError(f"{rule.rule_id or 'the policy'} permits; a country's own rules can only forbid")
        if not rule.rule_id or not rule.texts.get("en"):
            raise ValueError('the policy needs an @id and an @en("…") that says what it forbids')
    validated = cedarpy.validate_policies(text, schema)
    if not validated.validation_passed:
        raise ValueError("; ".join(str(one.error) for one in validated.errors))


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yields each policy of a text, up to its semicolon, with the line on which it begins."""
    begun, written = -1, 0
    for found in _PIECE.finditer(text):
        if found.lastgroup == "nothing":
            continue
        begun = found.start() if begun < 0 else begun
        if found[0] == ";":
            yield text.count("\n", 0, begun) + 1, text[begun : found.end()]
            begun, written = -1, found.end()
    if begun >= written:
        yield text.count("\n", 0, begun) + 1, text[begun:]


def _policies(text: str) -> dict[str, dict[str, Any]]:
    """Returns policies by the id that the parser gives them, in the order of the text."""
    document = json.loads(cedarpy.policies_to_json_str(text))
    if document.get("templates"):
        raise ValueError("templates are not policies")
    told: dict[str, dict[str, Any]] = document["staticPolicies"]
    return dict(sorted(told.items(), key=lambda one: int(one[0].removeprefix("policy"))))


def _rule(policy: dict[str, Any], *, country: bool) -> Rule:
    told: dict[str, str | None] = policy.get("annotations", {})
    texts = {language: str(told[language]) for language in LANGUAGES if told.get(language)}
    return Rule(str(told.get("id") or ""), policy["effect"] == "permit", texts, country)
