"""skaffold.yaml: as skaffold's own schema wants it, with a profile for each example that is there."""

from __future__ import annotations

import json

import jsonschema_rs
import yaml

from tests.charts.conftest import EXAMPLES, ROOT

CONFIG = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
SCHEMA = json.loads((ROOT / "tests/charts/skaffold/v4beta13.json").read_text())


def test_it_is_what_skaffold_reads() -> None:
    validator = jsonschema_rs.validator_for(SCHEMA)
    assert [one.message for one in validator.iter_errors(CONFIG)] == []
    # The schema is one that refuses.
    assert not validator.is_valid({**CONFIG, "deploy": {"helm": {"releases": [{"name": "node", "chart": "here"}]}}})


def test_each_profile_is_an_example_and_each_example_a_profile() -> None:
    (release,) = CONFIG["deploy"]["helm"]["releases"]
    files = {}
    for profile in CONFIG["profiles"]:
        (patch,) = profile["patches"]
        assert (patch["op"], patch["path"]) == ("replace", "/deploy/helm/releases/0/valuesFiles")
        (files[profile["name"]],) = patch["value"]
    assert files == {name: f"charts/node/examples/{name}.yaml" for name in EXAMPLES}
    assert release["valuesFiles"] == [files["country-small"]]


def test_the_hook_makes_the_chart_that_is_installed() -> None:
    (hook,) = CONFIG["deploy"]["helm"]["hooks"]["before"]
    assert (ROOT / hook["host"]["command"][1]).is_file()
    assert CONFIG["deploy"]["helm"]["releases"][0]["chartPath"] == "build/charts/node"
