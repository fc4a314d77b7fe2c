from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tools.build_charts import build

ROOT = Path(__file__).parents[2]
EXAMPLES = {
    file.stem: yaml.safe_load(file.read_text()) for file in sorted((ROOT / "charts/node/examples").glob("*.yaml"))
}


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Asks Helm and the schemas: `ask("render", values)`; see driver.py."""
    subprocess.run(["sh", str(ROOT / "tools/charts.sh")], check=True)
    chart = build(tmp_path_factory.mktemp("charts"))

    def asked(verb: str, **request: Any) -> Any:
        done = subprocess.run(
            [str(ROOT / ".tools/charts/bin/python"), str(Path(__file__).with_name("driver.py"))],
            input=json.dumps({"do": verb, "chart": str(chart), **request}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return asked


@pytest.fixture(scope="session")
def rendered(ask: Callable[..., Any]) -> dict[str, list[dict[str, Any]]]:
    """The objects of each example."""
    return {name: ask("render", values=values)["objects"] for name, values in EXAMPLES.items()}
