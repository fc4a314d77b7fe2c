"""What keeps a node up and lets people in, rendered for every example: disruption budgets, routes, backups, and a node that is paused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.charts.conftest import EXAMPLES

Objects = dict[str, list[dict[str, Any]]]
examples = pytest.mark.parametrize("example", EXAMPLES)
with_gateway = pytest.mark.parametrize(
    "example", [name for name, values in EXAMPLES.items() if values.get("gateway", {}).get("enabled", True)]
)
ROUTE = {"enabled": True, "parentRefs": [{"name": "public", "namespace": "gateways"}], "hostnames": ["people.example"]}
INGRESS = {"enabled": True, "className": "nginx", "host": "people.example", "tlsSecret": "people-tls"}


def _named(objects: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def _with(example: str, **values: Any) -> dict[str, Any]:
    return {**copy.deepcopy(EXAMPLES[example]), **values}


@examples
def test_what_has_several_pods_keeps_all_but_one_while_machines_are_emptied(rendered: Objects, example: str) -> None:
    deployments, budgets = _named(rendered[example], "Deployment"), _named(rendered[example], "PodDisruptionBudget")
    scaled = _named(rendered[example], "HorizontalPodAutoscaler")
    several = {name for name, one in deployments.items() if name in scaled or one["spec"].get("replicas", 1) > 1}
    assert set(budgets) == several
    for name, budget in budgets.items():
        assert budget["spec"]["maxUnavailable"] == 1
        assert budget["spec"]["selector"] == deployments[name]["spec"]["selector"]
    # Of one pod a budget would keep the machine from ever being emptied.
    assert (example == "centre") is bool(several)


@with_gateway
@pytest.mark.parametrize("tls", [True, False], ids=["https", "http"])
def test_people_come_in_by_the_clusters_gateway(ask: Callable[..., Any], example: str, *, tls: bool) -> None:
    values = _with(example, httpRoute=ROUTE)
    values["global"]["gatewayTls"] = tls
    objects = ask("render", values=values)["objects"]
    route = _named(objects, "HTTPRoute")["node-gateway"]["spec"]
    assert (route["parentRefs"], route["hostnames"]) == (ROUTE["parentRefs"], ROUTE["hostnames"])
    ((target,),) = (rule["backendRefs"] for rule in route["rules"])
    _reaches(objects, target["name"], target["port"])
    policies = _named(objects, "BackendTLSPolicy")
    assert bool(policies) is tls
    if tls:
        ((authority,),) = (one["spec"]["validation"]["caCertificateRefs"] for one in policies.values())
        assert authority["name"] in _named(objects, "ConfigMap")


@with_gateway
def test_people_come_in_by_an_ingress(ask: Callable[..., Any], example: str) -> None:
    objects = ask("render", values=_with(example, ingress=INGRESS))["objects"]
    ingress = _named(objects, "Ingress")["node-gateway"]
    assert ask("validate", objects=[ingress], versions=["1.34"])["faults"] == []
    spec = ingress["spec"]
    assert spec["tls"] == [{"hosts": ["people.example"], "secretName": "people-tls"}]
    ((path,),) = (rule["http"]["paths"] for rule in spec["rules"])
    _reaches(objects, path["backend"]["service"]["name"], path["backend"]["service"]["port"]["name"])


def _reaches(objects: list[dict[str, Any]], service: str, port: int | str) -> None:
    """The Service is there and has that port, and its pods are let in."""
    (found,) = (
        one for one in _named(objects, "Service")[service]["spec"]["ports"] if port in (one["port"], one["name"])
    )
    (container,) = _named(objects, "Deployment")[service]["spec"]["template"]["spec"]["containers"]
    (inside,) = (one["containerPort"] for one in container["ports"] if one["name"] == found["targetPort"])
    rules = _named(objects, "NetworkPolicy")[service]["spec"]["ingress"]
    assert inside in [open_["port"] for rule in rules for open_ in rule["ports"]]


@examples
def test_a_backup_sees_every_volume_and_database_that_its_services_have(ask: Callable[..., Any], example: str) -> None:
    objects = ask("render", values=_with(example, backup={"passphraseSecret": "backup"}))["objects"]
    cron = _named(objects, "CronJob")["node-backup"]
    assert ask("validate", objects=[cron], versions=["1.34"])["faults"] == []
    pod = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    mine = {one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"] if "persistentVolumeClaim" in one}
    # Calls that wait at the gateway are in no backup (ADR 12).
    claims = set(_named(objects, "PersistentVolumeClaim")) - {"node-gateway"}
    assert mine == claims
    (first,) = (one for name, one in _named(objects, "Job").items() if name.startswith("node-backups-"))
    (volume,) = first["spec"]["template"]["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == "node-backups"
    told = {one["name"]: one.get("valueFrom") for one in pod["containers"][0].get("env", ())}
    for deployment in _named(objects, "Deployment").values():
        for one in deployment["spec"]["template"]["spec"]["containers"][0]["env"]:
            if one["name"].endswith("DATABASE_URL") and "valueFrom" in one:
                assert told[one["name"]] == one["valueFrom"]
    assert (cron["spec"]["suspend"], cron["spec"]["concurrencyPolicy"]) == (False, "Forbid")


def test_backups_are_taken_by_hand_or_not_at_all(ask: Callable[..., Any]) -> None:
    by_hand = ask("render", values=_with("centre", backup={"passphraseSecret": "backup", "schedule": ""}))["objects"]
    assert _named(by_hand, "CronJob")["node-backup"]["spec"]["suspend"] is True
    none = ask("render", values=_with("centre", backup={}))["objects"]
    assert not _named(none, "CronJob")
    wrong = ask("render", values=_with("centre", backup={"passphraseSecret": "backup", "schedule": "at night"}))
    assert "/backup/schedule" in wrong["error"]


@examples
def test_a_paused_node_has_everything_but_pods(ask: Callable[..., Any], rendered: Objects, example: str) -> None:
    values = _with(example)
    values["global"]["paused"] = True
    objects = ask("render", values=values)["objects"]
    assert {one["spec"]["replicas"] for one in _named(objects, "Deployment").values()} == {0}
    assert all(one["spec"]["suspend"] for one in _named(objects, "CronJob").values())
    assert not _named(objects, "HorizontalPodAutoscaler")
    for kind in ("PersistentVolumeClaim", "Service", "Job"):
        # That a pod wants the volume of backups is for Helm, which does not wait for a paused node.
        wanted = {name for name in _named(rendered[example], kind) if not name.startswith("node-backups-")}
        assert set(_named(objects, kind)) == wanted
