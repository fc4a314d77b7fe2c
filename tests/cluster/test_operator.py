"""What the operator of a node sees and does, with `bluepacific cluster`."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from tests.cluster.kube import get
from tests.cluster.nodes import SERVICES
from tests.cluster.region_on_cluster import Region


def _cluster(*arguments: str) -> Any:
    command = [sys.executable, "-m", "bp_node", "cluster", *arguments, "--namespace", "fji", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_operator_sees_a_node_that_is_well(region: Region, tmp_path: Path) -> None:
    assert region.nodes["fji"].ready
    assert _cluster("preflight")["findings"] == []
    assert not [one for one in _cluster("doctor")["findings"] if one["urgent"]]
    seen = _cluster("status")
    assert {one["name"] for one in seen["services"]} == set(SERVICES)
    assert all(one["days"] > 300 for one in seen["certificates"])
    assert {one["state"] for one in seen["volumes"]} == {"Bound"}
    written = _cluster("support-bundle", str(tmp_path / "support.tar.gz"))
    with tarfile.open(written["file"]) as archive:
        text = b"".join(archive.extractfile(one).read() for one in archive if one.isfile())  # type: ignore[union-attr]
    assert b"pod.ready" in text
    for secret in get("secrets", "fji", "-l", "app.kubernetes.io/part-of=bluepacific"):
        for name, value in secret["data"].items():
            if name not in ("tls.crt", "ca.crt"):
                assert base64.b64decode(value) not in text
                assert value.encode() not in text
