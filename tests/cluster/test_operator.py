"""What the operator of a node sees and does, with `bluepacific cluster`."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import surroundings
from tests.cluster.kube import apply, get, is_rolled_out, kubectl, until
from tests.cluster.nodes import IMAGE, RELEASE, SERVICES
from tests.cluster.operating import cluster, refused
from tests.cluster.region_on_cluster import Region
from tests.cluster.values import image, merged, values_of

_HOSTED = "tuv"


def test_the_operator_sees_a_node_that_is_well(region: Region, tmp_path: Path) -> None:
    assert region.nodes["fji"].ready
    assert cluster("preflight")["findings"] == []
    assert not [one for one in cluster("doctor")["findings"] if one["urgent"]]
    seen = cluster("status")
    assert {one["name"] for one in seen["services"]} == set(SERVICES)
    assert all(one["days"] > 300 for one in seen["certificates"])
    # The volume of backups has no disk behind it before the first.
    assert {one["state"] for one in seen["volumes"] if one["name"] != f"{RELEASE}-backups"} == {"Bound"}
    written = cluster("support-bundle", str(tmp_path / "support.tar.gz"))
    with tarfile.open(written["file"]) as archive:
        text = b"".join(archive.extractfile(one).read() for one in archive if one.isfile())  # type: ignore[union-attr]
    assert b"pod.ready" in text
    for secret in get("secrets", "fji", "-l", "app.kubernetes.io/part-of=bluepacific"):
        for name, value in secret["data"].items():
            if name not in ("tls.crt", "ca.crt"):
                assert base64.b64decode(value) not in text
                assert value.encode() not in text


def test_an_upgrade_that_does_not_become_healthy_goes_back_by_itself(region: Region) -> None:
    repository = IMAGE.rpartition(":")[0]
    files = region.files("fji", image(f"{repository}:not-there"))
    told = refused("upgrade", str(region.chart), *files, "--minutes", "1")
    assert "the upgrade failed, revision" in told
    assert "serves again" in told
    until("the release before serves", lambda: is_rolled_out("fji"))
    pods = get("pods", "fji", "-l", "bluepacific/serves=true")
    assert {one["spec"]["containers"][0]["image"] for one in pods} == {IMAGE}


@pytest.fixture
def hosted(region: Region, tmp_path: Path) -> Iterator[list[str]]:
    """A chart and values of a country's node on PostgreSQL, for a namespace that has nothing."""
    own = merged(
        values_of("fji"),
        {
            "global": {
                "node": {"id": _HOSTED, "country": "TUV"},
                "bucket": {"url": "", "existingSecret": ""},
            }
        },
    )
    file = tmp_path / "values.json"
    file.write_text(json.dumps(own))
    example = region.chart / "examples" / "country-hosted.yaml"
    yield [str(region.chart), "-f", str(example), "-f", str(file)]
    kubectl("delete", "namespace", _HOSTED, "--ignore-not-found", "--wait=false")


def _left() -> list[str]:
    kinds = ("deployments", "services", "persistentvolumeclaims", "jobs", "configmaps", "secrets", "networkpolicies")
    ours = ("-l", "app.kubernetes.io/part-of=bluepacific")
    return [one["metadata"]["name"] for kind in kinds for one in get(kind, _HOSTED, *ours)]


def test_an_installation_that_lacks_something_stops_early_and_leaves_nothing(hosted: list[str]) -> None:
    told = refused("install", *hosted, where=_HOSTED)
    assert told.startswith(f"the Secret databases is not in namespace {_HOSTED}, but the values name it: ")
    assert told.endswith("; nothing was changed")
    assert not [one for one in get("namespaces", "") if one["metadata"]["name"] == _HOSTED]
    surroundings.namespace(_HOSTED)
    urls = {name: f"postgresql+asyncpg://me:secret@nowhere.invalid/{name}" for name in surroundings.SERVICES}
    apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "databases"}, "stringData": urls}, _HOSTED)
    told = refused("install", *hosted, where=_HOSTED)
    assert told.startswith("the node did not become healthy and was taken away again: ")
    assert "DATABASE_URL: the database does not answer" in told
    assert "secret" not in told
    until("nothing is left", lambda: not _left(), 60)
