"""`bluepacific cluster` where there is no cluster, and the rules that need none; tests/cluster runs it on a real one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bp_node.cluster.connecting import Place
from bp_node.cluster.doctor import CHECKS
from bp_node.cluster.picture import Backups, Certificate, Picture, Service, Volume
from bp_node.cluster.supporting import _without_secrets
from bp_node.cluster.telling import tell
from bp_node.failure import CommandError

PLACE = Place("fji", "node")
WELL = Service("exchange", 1, 1, 0, "bluepacific/node:0.1.0", "")


def _findings(picture: Picture) -> list[tuple[str, str, bool]]:
    return [(name, one.what, one.urgent) for name, check in CHECKS.items() for one in check(picture, PLACE)]


def test_what_is_well_has_no_findings() -> None:
    volumes = (Volume("a", "Bound", "1Gi"),)
    assert not _findings(
        Picture("fji/node", (WELL,), (Certificate("exchange", 200),), volumes, Backups("30 14 * * *", 5))
    )


def test_what_is_wrong_is_found_in_order_of_importance() -> None:
    services = (
        Service("cooperation", 2, 1, 7, "bluepacific/node:0.1.0", "Unschedulable: no memory"),
        Service("identity", 1, 0, 0, "bluepacific/node:0.2.0", "CrashLoopBackOff: the database does not answer"),
    )
    certificates = (Certificate("exchange", 3), Certificate("identity", 20), Certificate("training", -1))
    found = _findings(Picture("fji/node", services, certificates, (Volume("node-blobs", "Pending", "10Gi"),)))
    assert [one[0] for one in found] == [
        "volumes",
        "services",
        *["certificates"] * 3,
        "pods",
        "backups",
        "restarts",
        "images",
    ]
    assert [one[2] for one in found] == [True, True, True, False, True, False, False, False, False]
    assert "the database does not answer" in found[1][1]
    assert "has ended" in found[4][1]


@pytest.mark.parametrize(
    ("backups", "told"),
    [
        (None, ["no backups are set up"]),
        (Backups("", None), ["this node was never backed up"]),
        (Backups("30 14 * * *", 75), ["the last backup is 3 days old"]),
        (Backups("", 20), []),
    ],
    ids=["none", "never", "old", "new"],
)
def test_the_age_of_the_last_backup_is_told(backups: Backups | None, told: list[str]) -> None:
    assert [one[1] for one in _findings(Picture("fji/node", (WELL,), (), (), backups))] == told


def test_urgent_findings_end_the_command_with_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [
        (name, one)
        for name, check in CHECKS.items()
        for one in check(Picture("fji/node", (WELL,), (Certificate("exchange", 1),), ()), PLACE)
    ]
    with pytest.raises(CommandError, match="1 thing needs you now"):
        tell("fji/node", list(CHECKS), findings, as_json=True)
    assert json.loads(capsys.readouterr().out)["findings"][0]["check"] == "certificates"


def test_a_bundle_has_no_passwords() -> None:
    environment = [
        {"name": "BP_EXCHANGE__DATABASE_URL", "value": "postgresql+asyncpg://a:hidden@db/exchange"},
        {"name": "BP_NOTIFICATIONS__SMTP_PASSWORD", "value": "hidden"},
        {"name": "BP_POD__OTLP_ENDPOINT", "value": "https://me:hidden@collector"},
        {"name": "BP_POD__COUNTRY", "value": "FJI"},
        {"name": "BP_IDENTITY__DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "databases", "key": "identity"}}},
    ]
    told = json.dumps(_without_secrets({"spec": {"containers": [{"env": environment}]}}))
    assert "hidden" not in told
    assert "FJI" in told


@pytest.mark.parametrize("verb", ["preflight", "status", "doctor"], ids=str)
def test_no_cluster_is_told_in_one_line(verb: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    command = [sys.executable, "-m", "bp_node", "cluster", verb, "--namespace", "fji"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "set KUBECONFIG" in done.stderr


def test_a_cluster_that_does_not_answer_is_told(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (tmp_path / "config").write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    command = [sys.executable, "-m", "bp_node", "cluster", "status", "--namespace", "fji"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the cluster does not answer" in done.stderr.splitlines()[-1]
