"""Runs in .tools/charts: Helm's own library and the Kubernetes schemas, for the tests of the charts.

One request on standard input, one answer on standard output, both JSON: `{"do": "render" | "lint", "chart": …, "values": …}` or
`{"do": "validate", "objects": …, "versions": …}`.
"""

from __future__ import annotations

import functools
import json
import sys
from typing import Any

import yaml


def render(request: dict[str, Any]) -> dict[str, Any]:
    import helm_python

    with helm_python.Chart.load(request["chart"]) as chart:
        try:
            chart.validate_schema(request["values"])
            made = chart.render(request["values"], name="node", namespace="here")
        except helm_python.HelmError as error:
            return {"error": str(error)}
    texts = (text for name, text in made.items() if name.endswith(".yaml"))
    return {"objects": [one for text in texts for one in yaml.safe_load_all(text) if one]}


def lint(request: dict[str, Any]) -> dict[str, Any]:
    import helm_python

    report: dict[str, Any] = helm_python.lint(request["chart"], request["values"], strict=True, kube_version="v1.34.0")
    return report


def validate(request: dict[str, Any]) -> dict[str, Any]:
    from kubernetes_validate import utils

    utils.schema_contents = functools.cache(utils.schema_contents)
    faults = []
    for version in request["versions"]:
        for one in request["objects"]:
            try:
                utils.validate(one, version, strict=True)
            except (utils.ValidationError, utils.SchemaNotFoundError) as error:
                faults.append(f"{version} {one['kind']} {one['metadata']['name']}: {error.message}")
    return {"faults": faults, "known": utils.all_versions()}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump({"render": render, "lint": lint, "validate": validate}[asked["do"]](asked), sys.stdout)
