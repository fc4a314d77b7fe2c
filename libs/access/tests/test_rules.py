from __future__ import annotations

from importlib.resources import files

import cedarpy
import pytest

from bp_access.deciding import Decider
from bp_access.question import ACTS, Information, Person, Question
from bp_access.rules import LANGUAGES, RulesNotAllowedError, load_rules

SUVA, NUKUALOFA = "countries/FJI/units/ncb", "countries/TON/units/ncb"
ANA = Person("FJI", frozenset({("officer", SUVA)}))
MELE = Person("TON", frozenset({("duty_officer", NUKUALOFA)}))
LETTER = Information(SUVA, (NUKUALOFA,), "AMBER", "INVESTIGATION")
FORBIDS = """
@id("tonga.no_export")
@en("Nothing leaves the platform.")
forbid (principal, action == BluePacific::Action::"export", resource);
"""


def asked(act, person=MELE, information=LETTER, purpose="INVESTIGATION", **rest):
    return Question(person, act, information, purpose, **rest)


def test_the_policies_fit_their_schema():
    room = files("bp_access").joinpath("policies")
    text = "\n".join(one.read_text("utf-8") for one in room.iterdir() if one.name.endswith(".cedar"))
    validated = cedarpy.validate_policies(text, room.joinpath("schema.cedarschema").read_text("utf-8"))
    assert validated.validation_passed, validated.errors


def test_each_rule_has_a_name_of_its_own_and_says_in_four_languages_what_it_does():
    rules = list(load_rules().by_policy.values())
    assert len({rule.rule_id for rule in rules}) == len(rules) > 20
    for rule in rules:
        assert set(rule.texts) == set(LANGUAGES), rule.rule_id


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        (asked("read"), "casework.read"),
        (asked("read", purpose=""), "purpose.missing"),
        (asked("read", purpose="MISSING_PERSONS"), "purpose.incompatible"),
        (asked("read", purpose="DATA_PROTECTION"), "purpose.oversight"),
        (asked("forward", to="VUT"), "tlp.forward.amber"),
        (asked("forward", person=ANA, to="VUT"), "casework.forward"),
        (asked("readAuthor"), "nothing.permits"),
        (asked("readAuthor", person=ANA), "author.own_country"),
        (asked("read", person=Person("TON", frozenset({("learner", NUKUALOFA)}))), "nothing.permits"),
    ],
    ids=[str(number) for number in range(9)],
)
def test_a_decision_names_its_rule(question, rule):
    decision = Decider().decide(question)
    assert rule in [one.rule_id for one in decision.rules]
    assert all(one.permits == decision.allowed for one in decision.rules)


def test_a_country_forbids_more():
    strict = Decider(FORBIDS)
    assert Decider().allows(asked("export"))
    refused = strict.decide(asked("export"))
    assert [(rule.rule_id, rule.country) for rule in refused.rules] == [("tonga.no_export", True)]
    for act in ACTS:
        if act != "export":
            assert strict.decide(asked(act, to="FJI")) == Decider().decide(asked(act, to="FJI"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('@id("x")\n@en("x")\npermit (principal, action, resource);', "can only forbid"),
        (FORBIDS + '@id("x")\n@en("x")\npermit (principal, action, resource) when { false };', "can only forbid"),
        ("forbid (principal, action, resource);", "needs an @id"),
        ('@id("x")\nforbid (principal, action, resource);', "needs an @id"),
        ('@id("x")\n@en("x")\nforbid (principal, action, resource) when { resource.colour == "red" };', "colour"),
        ('@id("x")\n@en("x")\nforbid (principal == ?principal, action, resource);', "templates"),
        ("forbid everything", "unexpected"),
        ("//" + " " * 70_000, "characters"),
    ],
    ids=["permits", "permits too", "no id", "no text", "unknown attribute", "template", "no policy", "too long"],
)
def test_other_rules_of_a_country_are_refused_as_a_whole(text, why):
    with pytest.raises(RulesNotAllowedError, match=why):
        Decider(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('// Ours; "all".\n\n@id("x")\n@en("x")\npermit (principal, action, resource);', 3),
        (FORBIDS + '\n// More.\n@id("y")\n@en("One; two // three")\npermit (principal, action, resource);', 7),
        (FORBIDS + "forbid (principal", 5),
        (FORBIDS + '@id("x")\n@en("x")\nforbid (principal, action, resource) when { resource.colour == "red" };', 5),
    ],
    ids=["first", "second", "broken", "unknown attribute"],
)
def test_a_refusal_names_the_line_on_which_the_policy_begins(text, line):
    with pytest.raises(RulesNotAllowedError, match=rf"^line {line}: ") as refused:
        Decider(text)
    assert refused.value.line == line


@pytest.mark.parametrize("text", ["", "// Nothing yet.\n", FORBIDS + "// The end; of it.\n"])
def test_comments_are_no_policies(text):
    assert Decider(text)


@pytest.mark.parametrize(
    "question",
    [
        asked("delete"),
        asked("read", information=Information(SUVA, (NUKUALOFA,), "AMBER", "CURIOSITY")),
    ],
    ids=["act", "purpose"],
)
def test_what_the_policies_do_not_know_is_not_decided(question):
    with pytest.raises(ValueError, match=r"."):
        Decider().decide(question)
