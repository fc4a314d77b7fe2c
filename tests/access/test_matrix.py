"""The policies say what docs/access.md says, and each of them matters."""

from __future__ import annotations

import json
import random

import cedarpy
import pytest

from bp_access import deciding, rules
from bp_access.deciding import Decider
from tests.access.__main__ import wrong_cells
from tests.access.cells import cells


def test_every_cell_is_as_the_page_says():
    count, wrong = wrong_cells(Decider())
    assert count >= 2_000
    assert not wrong


@pytest.fixture(scope="module")
def answers():
    """Every question of the matrix with its answer, mixed, so that what is wrong is met early."""
    asked = [(cell.question, cell.expected) for cell in cells()]
    random.Random(2026).shuffle(asked)
    return asked


def test_without_any_one_rule_some_cell_is_wrong(answers, monkeypatch):
    whole = rules.load_rules()
    for policy_id, rule in whole.by_policy.items():
        monkeypatch.setattr(deciding, "load_rules", lambda _="", without=policy_id: _without(whole, without))
        decider = Decider()
        assert any(decider.allows(question) != expected for question, expected in answers), rule.rule_id


def _without(whole, policy_id):
    document = json.loads(cedarpy.policies_to_json_str(str(whole.policies)))
    left = {one: policy for one, policy in document["staticPolicies"].items() if one != policy_id}
    text = cedarpy.policies_from_json_str(json.dumps({**document, "staticPolicies": left}))
    # The parser gives new ids.
    kept = [rule for one, rule in whole.by_policy.items() if one in left]
    named = {one: policy["annotations"]["id"] for one, policy in rules._policies(text).items()}
    by_id = {rule.rule_id: rule for rule in kept}
    return rules.Rules(
        cedarpy.PolicySet.from_str(text), whole.schema, {one: by_id[name] for one, name in named.items()}
    )
