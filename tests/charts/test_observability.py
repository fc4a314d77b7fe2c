"""Alert rules and dashboards: each metric is one that processes send, each alert has its runbook, and all that is sent is looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bp_kit.measures import MEASURES, Measure
from tests.charts.conftest import ROOT

FOLDER = ROOT / "deploy/observability"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
SENT = {one.prometheus: one for one in MEASURES}


def _dashboards() -> Iterator[str]:
    for file in (FOLDER / "dashboards").glob("*.json"):
        for panel in json.loads(file.read_text())["panels"]:
            assert panel["targets"], panel["title"]
            yield from (one["expr"] for one in panel["targets"])


def _used(expression: str) -> set[str]:
    assert all(expression.count(a) == expression.count(b) for a, b in ("()", "[]", "{}")), expression
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    named = set(re.findall(r"(?<![\w:])bluepacific_\w+", expression))
    assert set(re.findall(r"[\w:]*:bluepacific[\w:]*", expression)) <= recorded, expression
    return {re.sub(r"_(bucket|sum|count)$", "", name) if name not in SENT else name for name in named}


EXPRESSIONS = [*(rule["expr"] for rule in RULES), *_dashboards()]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda text: re.sub(r"\W+", "-", text)[:60])
def test_each_expression_is_of_metrics_that_are_sent(expression: str) -> None:
    assert _used(expression) <= SENT.keys()


@pytest.mark.parametrize("alert", ALERTS, ids=lambda one: one["alert"])
def test_each_alert_has_a_runbook_that_tells_what_it_means_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["annotations"]["summary"]
    text = (ROOT / alert["annotations"]["runbook"]).read_text()
    assert len(re.findall(r"^## |\*\*", text, re.MULTILINE)) >= 2


@pytest.mark.parametrize("alert", ALERTS, ids=lambda one: one["alert"])
def test_each_alert_is_tried_when_it_fires_and_when_it_must_not(alert: dict[str, Any]) -> None:
    # `make alerts` runs them.
    tests = yaml.safe_load((FOLDER / "alerts_test.yaml").read_text())["tests"]
    tried = [
        one["exp_alerts"] for test in tests for one in test["alert_rule_test"] if one["alertname"] == alert["alert"]
    ]
    assert {bool(fired) for fired in tried} == {True, False}


def test_alerts_have_names_of_their_own() -> None:
    assert len({one["alert"] for one in ALERTS}) == len(ALERTS)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.name)
def test_what_is_sent_is_documented_and_looked_at(measure: Measure) -> None:
    assert f"`{measure.prometheus}`" in (ROOT / "docs/observability.md").read_text()
    assert any(measure.prometheus in _used(one) for one in EXPRESSIONS)
