from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.build_charts import build

from tests.cluster.kube import get
from tests.cluster.nodes import EXAMPLES, PART, RESTORED
from tests.cluster.region_on_cluster import Region, region_on_cluster
from tests.cluster.surroundings import MAIL

FIGURES = Path(__file__).parents[2] / "build" / "cluster-test.json"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a cluster there is nothing to test, and it is said."""
    missing = [name for name in ("kubectl", "helm") if not shutil.which(name)]
    ground = (
        "KUBECONFIG names no cluster"
        if not os.environ.get("KUBECONFIG")
        else f"no {' and no '.join(missing)} here"
        if missing
        else ""
    )
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(1500))
            if ground:
                item.add_marker(pytest.mark.skip(reason=ground))


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    if RESTORED in [one["metadata"]["name"] for one in get("namespaces", "")]:
        pytest.fail(
            f"namespace {RESTORED} is there: delete {', '.join((*EXAMPLES, PART, RESTORED, MAIL))} and begin anew"
        )
    FIGURES.parent.mkdir(exist_ok=True)
    folder = tmp_path_factory.mktemp("region")
    with region_on_cluster(folder, build(folder / "charts")) as found:
        yield found
        FIGURES.write_text(json.dumps(found.figures, indent=1) + "\n")
