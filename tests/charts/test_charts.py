"""The charts, rendered by Helm itself for every example: valid for each Kubernetes, restricted, with every flow named."""

from __future__ import annotations

import base64
import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from bp_exchange.settings import ExchangeSettings
from bp_gateway.settings import GatewaySettings
from bp_gateway.surface import bindings_of, packaged_descriptors
from bp_kit.alone.settings import PodSettings
from tests.charts.conftest import EXAMPLES, ROOT

Objects = dict[str, list[dict[str, Any]]]
VERSIONS = ("1.32", "1.33", "1.34", "1.35", "1.36", "1.37")
SERVICES = ("exchange", "identity", "notifications", "cooperation", "catalogue", "training", "gateway")


def _here(example: str) -> tuple[str, ...]:
    """The services of an example that stand in its release."""
    return tuple(name for name in SERVICES if EXAMPLES[example].get(name, {}).get("enabled", True))


examples = pytest.mark.parametrize("example", EXAMPLES)


def _of(objects: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [one for one in objects if one["kind"] in kinds]


def _pods(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in _of(objects, "Deployment", "Job", "CronJob"):
        job = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
        yield f"{one['kind']} {one['metadata']['name']}", job["template"]["spec"]


def test_what_the_settings_say_is_what_the_schemas_say() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/write_chart_schemas.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@examples
def test_helm_has_nothing_to_say(ask: Callable[..., Any], example: str) -> None:
    report = ask("lint", values=EXAMPLES[example])
    assert [one for one in report["messages"] if one["severity"] > 1] == []


def test_each_object_is_valid_in_each_kubernetes(ask: Callable[..., Any], rendered: Objects) -> None:
    kept = {
        (example, one["kind"], one["metadata"]["name"]): one for example, found in rendered.items() for one in found
    }
    answer = ask("validate", objects=list(kept.values()), versions=VERSIONS)
    assert answer["faults"] == []
    # Each named version is looked up, not the nearest older one.
    assert set(VERSIONS) <= {".".join(one.split(".")[:2]) for one in answer["known"]}


@examples
def test_each_pod_is_restricted(rendered: Objects, example: str) -> None:
    for name, pod in _pods(rendered[example]):
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            allowed = container["securityContext"]
            assert allowed["allowPrivilegeEscalation"] is False, name
            assert allowed["readOnlyRootFilesystem"] is True, name
            assert allowed["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name
            assert not container["image"].endswith(":latest"), name


@examples
def test_each_service_is_probed_drained_and_spread(rendered: Objects, example: str) -> None:
    deployments = _of(rendered[example], "Deployment")
    assert len(deployments) == len(_here(example))
    for one in deployments:
        pod = one["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert {"grpc", "httpGet"} & container[probe].keys()
        slept = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        drained = EXAMPLES[example]["global"].get("drainSeconds", 10)
        assert pod["terminationGracePeriodSeconds"] > slept + drained
        (spread,) = pod["topologySpreadConstraints"]
        assert (spread["topologyKey"], spread["maxSkew"]) == ("kubernetes.io/hostname", 1)
        assert spread["labelSelector"] == one["spec"]["selector"]


@examples
def test_nothing_flows_that_is_not_named(rendered: Objects, example: str) -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in _of(rendered[example], "NetworkPolicy")}
    denied = policies.pop("node-default-deny")
    assert denied.keys() == {"podSelector", "policyTypes"}
    assert sorted(denied["policyTypes"]) == ["Egress", "Ingress"]
    backs_up = {"node-backup"} if EXAMPLES[example].get("backup") else set()
    assert set(policies) == {f"node-{service}" for service in _here(example)} | backs_up
    for name, spec in policies.items():
        for rule in (*spec["ingress"], *spec["egress"]):
            assert rule["ports"], f"{name}: {rule}"
    labels = _of(rendered[example], "Deployment")[0]["spec"]["template"]["metadata"]["labels"]
    assert denied["podSelector"]["matchLabels"].items() <= labels.items()


@examples
def test_pods_get_only_settings_that_there_are(rendered: Objects, example: str) -> None:
    known = {f"BP_POD__{name.upper()}" for name in PodSettings.model_fields}
    for kind, prefix in ((ExchangeSettings, "BP_EXCHANGE__"), (GatewaySettings, "BP_GATEWAY__")):
        known |= {f"{prefix}{name.upper()}" for name in kind.model_fields}
    for name, pod in _pods(rendered[example]):
        if name.endswith(("exchange", "gateway")):
            told = {one["name"] for one in pod["containers"][0]["env"]}
            assert told <= known, f"{name}: {sorted(told - known)}"


@examples
def test_what_is_mounted_is_there(rendered: Objects, example: str) -> None:
    objects = rendered[example]
    secrets = {one["metadata"]["name"] for one in _of(objects, "Secret")}
    claims = {one["metadata"]["name"] for one in _of(objects, "PersistentVolumeClaim")}
    for name, pod in _pods(objects):
        volumes = pod["volumes"]
        mounted = {one["name"] for one in pod["containers"][0]["volumeMounts"]}
        assert mounted == {one["name"] for one in volumes}, name
        told = EXAMPLES[example]["global"]
        given = {
            told.get("bucket", {}).get("existingSecret"),
            EXAMPLES[example].get("backup", {}).get("passphraseSecret"),
        }
        given |= {f"node-{service}-tls" for service in SERVICES if told.get("tls", {}).get("existing")}
        given |= {"node-page-tokens"} if told.get("pageTokens", {}).get("existing") else set()
        assert {one["secret"]["secretName"] for one in volumes if "secret" in one} <= secrets | given, name
        assert {
            one["persistentVolumeClaim"]["claimName"] for one in volumes if "persistentVolumeClaim" in one
        } <= claims


def test_a_database_on_a_file_has_one_pod_and_one_on_postgresql_migrates_before(rendered: Objects) -> None:
    small, centre = rendered["country-small"], rendered["centre"]
    for one in _of(small, "Deployment"):
        if not one["metadata"]["name"].endswith("gateway"):
            assert (one["spec"]["replicas"], one["spec"]["strategy"]["type"]) == (1, "Recreate")
            assert one["spec"]["template"]["spec"]["initContainers"][0]["args"][1] == "migrate"
    assert not _migrations(small)
    jobs = _migrations(centre)
    assert len(jobs) == len(SERVICES) - 1
    assert all("pre-upgrade" in job["metadata"]["annotations"]["helm.sh/hook"] for job in jobs)
    assert {one["metadata"]["name"] for one in _of(centre, "PodDisruptionBudget")} >= {
        "node-gateway",
        "node-cooperation",
    }


def _migrations(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in _of(objects, "Job") if _name(one).endswith("-migrate")]


@examples
def test_files_are_on_the_volume_or_in_the_bucket(rendered: Objects, example: str) -> None:
    bucket = EXAMPLES[example]["global"].get("bucket")
    claims = {one["metadata"]["name"] for one in _of(rendered[example], "PersistentVolumeClaim")}
    assert ("node-blobs" in claims) is not bool(bucket)
    for one in _of(rendered[example], "Deployment"):
        (container,) = one["spec"]["template"]["spec"]["containers"]
        told = {variable["name"]: variable.get("value") for variable in container["env"]}
        assert told.get("BP_POD__BLOBS_BUCKET") == (bucket["url"] if bucket else None), one["metadata"]["name"]
    if bucket:
        for policy in _of(rendered[example], "NetworkPolicy"):
            ports = [port["port"] for rule in policy["spec"].get("egress", ()) for port in rule["ports"]]
            named = policy["metadata"]["name"]
            assert (443 in ports) is (named not in ("node-default-deny", "node-gateway")), named


def test_a_node_in_two_parts_finds_and_admits_its_other_part(rendered: Objects) -> None:
    here, there = rendered["mixed"], rendered["mixed-central"]
    assert not {_name(one) for one in _of(here, "Deployment")} & {_name(one) for one in _of(there, "Deployment")}
    assert len(_of(here, "Deployment")) + len(_of(there, "Deployment")) == len(SERVICES)
    addresses = json.loads(_told(here, "node-gateway")["BP_POD__ADDRESSES"])
    assert addresses["training"] == "training.ton.ptccc.example:8443"
    assert addresses["cooperation"] == "node-cooperation:8443"
    assert json.loads(_told(there, "node-training")["BP_POD__ADDRESSES"])["exchange"].endswith("police.to.example:8444")
    # Of the country's authority nothing goes to the centre but what is handed over.
    assert not _of(there, "Secret")
    assert "node-authority" in {_name(one) for one in _of(here, "Secret")}
    assert _ports(here, "node-exchange", "from") == [8444]
    assert _ports(here, "node-cooperation", "from") == []
    assert _ports(here, "node-gateway", "to") == [8443]
    assert _ports(there, "node-identity", "from") == [8443, 8444]
    assert _ports(there, "node-training", "from") == [8443]
    assert _ports(there, "node-training", "to") == [8444]


def _name(one: dict[str, Any]) -> str:
    return str(one["metadata"]["name"])


def _told(objects: list[dict[str, Any]], deployment: str) -> dict[str, str]:
    (found,) = (one for one in _of(objects, "Deployment") if _name(one) == deployment)
    return {one["name"]: one.get("value", "") for one in found["spec"]["template"]["spec"]["containers"][0]["env"]}


def _ports(objects: list[dict[str, Any]], policy: str, way: str) -> list[int]:
    """The ports that are open to the node's other part, and to nobody else by that rule."""
    (found,) = (one["spec"] for one in _of(objects, "NetworkPolicy") if _name(one) == policy)
    rules = found["ingress" if way == "from" else "egress"]
    return sorted(port["port"] for one in rules if "ipBlock" in str(one.get(way)) for port in one["ports"])


def test_several_pods_of_a_service_with_a_file_are_refused(ask: Callable[..., Any]) -> None:
    values = copy.deepcopy(EXAMPLES["country-small"])
    values["cooperation"] = {"replicas": 2}
    assert "cooperation has one pod, unless global.postgres.existingSecret" in ask("render", values=values)["error"]


def test_a_gateway_with_which_calls_wait_has_a_volume_and_one_pod(ask: Callable[..., Any], rendered: Objects) -> None:
    (gateway,) = [one for one in _of(rendered["mixed"], "Deployment") if _name(one) == "node-gateway"]
    pod = gateway["spec"]["template"]["spec"]
    told = {variable["name"]: variable.get("value") for variable in pod["containers"][0]["env"]}
    assert told["BP_GATEWAY__QUEUE_DIR"].startswith("/var/lib/bluepacific/")
    claims = {_name(one): one for one in _of(rendered["mixed"], "PersistentVolumeClaim")}
    assert claims["node-gateway"]["spec"]["resources"]["requests"]["storage"] == "1Gi"
    assert {"name": "home", "persistentVolumeClaim": {"claimName": "node-gateway"}} in pod["volumes"]
    assert "node-gateway" not in {_name(one) for one in _of(rendered["country-small"], "PersistentVolumeClaim")}
    values = copy.deepcopy(EXAMPLES["mixed"])
    values["gateway"] = {"queueStorage": "1Gi", "replicas": 2}
    assert "a gateway with queueStorage has one pod" in ask("render", values=values)["error"]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("global.node.country", "Fiji", "/global/node/country"),
        ("global.node.publicUrl", "http://bluepacific.example", "/global/node/publicUrl"),
        ("global.link.address", "link.ptccc.example", "/global/link/address"),
        ("global.storage.accessMode", "Many", "/global/storage/accessMode"),
        ("global.nod", {}, "'nod' not allowed"),
        ("exchange.settings.keepalive_seconds", 5, "'keepalive_seconds' not allowed"),
        ("gateway.settings.max_requests", "many", "/settings/max_requests"),
        ("training.settings.participation_threshold", 0, "/settings/participation_threshold"),
        ("identity.settings.database_url", "sqlite://", "'database_url' not allowed"),
    ],
    ids=str,
)
def test_wrong_values_are_refused_readably(ask: Callable[..., Any], path: str, value: Any, told: str) -> None:
    values = copy.deepcopy(EXAMPLES["country-small"])
    *parents, last = path.split(".")
    place = values
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = value
    assert told in ask("render", values=values)["error"]


def test_ways_in_are_routes_or_an_ingress(ask: Callable[..., Any]) -> None:
    values = copy.deepcopy(EXAMPLES["country-small"])
    values["httpRoute"] = {
        "enabled": True,
        "parentRefs": [{"name": "public"}],
        "hostnames": ["bluepacific.police.fj.example"],
    }
    found = ask("render", values=values)["objects"]
    (route,) = _of(found, "HTTPRoute")
    (policy,) = _of(found, "BackendTLSPolicy")
    assert route["spec"]["rules"][0]["backendRefs"] == [{"name": "node-gateway", "port": 443}]
    assert policy["spec"]["targetRefs"][0]["name"] == "node-gateway"
    values["httpRoute"]["enabled"] = False
    values["ingress"] = {"enabled": True, "host": "bluepacific.police.fj.example", "tlsSecret": "public"}
    (ingress,) = _of(ask("render", values=values)["objects"], "Ingress")
    assert ingress["spec"]["tls"][0]["secretName"] == "public"


def test_the_image_has_the_versions_that_are_tested() -> None:
    def versions(file: Path) -> dict[str, str]:
        lines = (line.split(" ")[0] for line in file.read_text().splitlines() if "==" in line)
        return dict(line.split("==") for line in lines)

    tested, shipped = versions(ROOT / "requirements.lock"), versions(ROOT / "tools/image.lock")
    assert {name: version for name, version in shipped.items() if tested.get(name) != version} == {}


def test_programs_reach_each_service_by_its_grpc_names(ask: Callable[..., Any]) -> None:
    values = copy.deepcopy(EXAMPLES["country-small"])
    gateways = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gateways"}}}
    values["grpcRoute"] = {"enabled": True, "parentRefs": [{"name": "public"}], "hostnames": ["grpc.police.fj.example"]}
    values["global"]["network"] = {"callersFrom": [gateways]}
    found = ask("render", values=values)["objects"]
    routed = {}
    for route in _of(found, "GRPCRoute"):
        assert route["spec"]["hostnames"] == ["grpc.police.fj.example"]
        (rule,) = route["spec"]["rules"]
        # The API's own limits.
        assert len(rule["matches"]) <= 64
        (backend,) = rule["backendRefs"]
        routed |= {one["method"]["service"]: (backend["name"], backend["port"]) for one in rule["matches"]}
    exposed = {binding.method.containing_service.full_name for binding in bindings_of(packaged_descriptors())}
    # The gateway's own, which is nowhere else.
    exposed.remove("bluepacific.queue.v1.QueuedCallService")
    assert routed == {name: (f"node-{name.split('.')[1]}", 8443) for name in exposed}
    services = {_name(one): one for one in _of(found, "Service")}
    for policy in _of(found, "BackendTLSPolicy"):
        (target,) = policy["spec"]["targetRefs"]
        ports = {one["name"]: one["port"] for one in services[target["name"]]["spec"]["ports"]}
        assert ports[target["sectionName"]] == 8443
        assert policy["spec"]["validation"]["hostname"] == target["name"]
    for policy in _of(found, "NetworkPolicy"):
        if _name(policy).removeprefix("node-") in exposed_areas(exposed):
            assert {"from": [gateways], "ports": [{"port": 8443}]} in policy["spec"]["ingress"], _name(policy)


def exposed_areas(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names}


def test_a_service_that_may_move_is_found_and_reached_at_both_places(ask: Callable[..., Any]) -> None:
    values = copy.deepcopy(EXAMPLES["country-small"])
    centre = {"ipBlock": {"cidr": "192.0.2.0/24"}}
    values["global"] |= {"otherPlaces": {"training": "training.fji.ptccc.example"}, "network": {"placesAt": [centre]}}
    found = ask("render", values=values)["objects"]
    assert json.loads(_told(found, "node-gateway")["BP_POD__OTHER_PLACES"]) == {
        "training": "training.fji.ptccc.example:8443"
    }
    told = _told(found, "node-training")
    assert (told["BP_POD__OTHER_PLACE"], told["BP_POD__PLACE"]) == ("training.fji.ptccc.example:8444", "local")
    assert "BP_POD__AWAITS" not in told
    # The mover goes out and comes in; what stands there then calls the exchange and identity here.
    assert _ports(found, "node-training", "to") == [8444]
    assert _ports(found, "node-training", "from") == [8444]
    assert _ports(found, "node-gateway", "to") == [8443]
    assert _ports(found, "node-exchange", "from") == [8444]
    assert _ports(found, "node-cooperation", "from") == []
    # By the name that it has there it is called with the certificate that is made here.
    assert "training.fji.ptccc.example" in _certified(found, "training")
    assert "training.fji.ptccc.example" not in _certified(found, "catalogue")

    values["global"] |= {"place": "central", "awaits": ["training"]}
    told = _told(ask("render", values=values)["objects"], "node-training")
    assert (told["BP_POD__PLACE"], told["BP_POD__AWAITS"]) == ("central", "true")


def _certified(objects: list[dict[str, Any]], service: str) -> list[str]:
    (secret,) = (one for one in _of(objects, "Secret") if _name(one) == f"node-{service}-tls")
    certificate = x509.load_pem_x509_certificate(base64.b64decode(secret["data"]["tls.crt"]))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.DNSName)


def test_the_centres_gateway_finds_the_services_of_a_country_that_it_hosts(ask: Callable[..., Any]) -> None:
    values = copy.deepcopy(EXAMPLES["centre"])
    values["global"]["hosted"] = {"TUV": {"namespace": "tuv", "release": "node", "tlsSecret": "tuv-gateway-tls"}}
    found = ask("render", values=values)["objects"]
    (gateway,) = (one for one in _of(found, "Deployment") if _name(one) == "node-gateway")
    pod = gateway["spec"]["template"]["spec"]
    hosted = json.loads(_told(found, "node-gateway")["BP_GATEWAY__HOSTED"])["TUV"]
    assert hosted["addresses"]["training"] == "node-training.tuv.svc:8443"
    (mount,) = (one for one in pod["containers"][0]["volumeMounts"] if one["mountPath"] == hosted["tls_dir"])
    (volume,) = (one for one in pod["volumes"] if one["name"] == mount["name"])
    assert volume["secret"]["secretName"] == "tuv-gateway-tls"
    (policy,) = (one for one in _of(found, "NetworkPolicy") if _name(one) == "node-gateway")
    assert "tuv" in str(policy["spec"]["egress"])
    values["global"]["hosted"] = {"Tuvalu": {}}
    assert "/global/hosted" in ask("render", values=values)["error"]
