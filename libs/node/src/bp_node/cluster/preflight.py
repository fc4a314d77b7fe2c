"""`bluepacific cluster preflight`: whether a node can be installed here, before anything is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime

from bp_kit.ports import system_clock
from bp_node.cluster.connecting import Cluster, Place, connected, seconds
from bp_node.cluster.telling import tell
from bp_node.doctor.finding import Finding

_LEAST = (1, 32)
_DRIFT_SECONDS = 60
_MEMORY_MIB = 1024
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_NEEDED = (
    ("create", "apps", "deployments"),
    ("create", "", "services"),
    ("create", "", "secrets"),
    ("create", "", "configmaps"),
    ("create", "", "serviceaccounts"),
    ("create", "", "persistentvolumeclaims"),
    ("create", "networking.k8s.io", "networkpolicies"),
    ("create", "policy", "poddisruptionbudgets"),
    ("create", "batch", "jobs"),
)
_UNITS = {"Ki": 1 / 1024, "Mi": 1, "Gi": 1024, "Ti": 1024 * 1024}


def preflight(context: str, place: Place, *, as_json: bool) -> None:
    """Looks at the cluster and tells what is missing; changes nothing.

    Raises:
        CommandError: The cluster does not answer, or something that is needed is missing.
    """
    with connected(context) as cluster:
        findings = [(name, found) for name, check in CHECKS.items() for found in check(cluster, place)]
    tell(f"{place.namespace} for {place.release}", list(CHECKS), findings, as_json=as_json)


def _version(cluster: Cluster, _place: Place) -> Iterator[Finding]:
    told = cluster.version.get_code(**seconds())
    found = tuple(int(re.sub(r"\D", "", part)) for part in (told.major, told.minor))
    if found < _LEAST:
        least = ".".join(map(str, _LEAST))
        yield Finding(
            f"the cluster is Kubernetes {told.git_version}; {least} or newer is needed", "upgrade the cluster"
        )


def _clock(cluster: Cluster, _place: Place) -> Iterator[Finding]:
    _, _, headers = cluster.version.get_code_with_http_info(**seconds())
    there, here = parsedate_to_datetime(headers["Date"]).astimezone(UTC), system_clock()
    drift = abs((here - there).total_seconds())
    if drift > _DRIFT_SECONDS:
        yield Finding(
            f"the cluster's clock and this machine's differ by {drift:.0f} s; certificates and registers would be refused",
            "set both by NTP: `timedatectl set-ntp true`",
        )


def _storage(cluster: Cluster, _place: Place) -> Iterator[Finding]:
    classes = cluster.storage.list_storage_class(**seconds()).items
    if not any((one.metadata.annotations or {}).get(_DEFAULT_CLASS) == "true" for one in classes):
        names = ", ".join(one.metadata.name for one in classes) or "none at all"
        yield Finding(
            f"no storage class is the default (there is {names})",
            "name one with `--set global.storage.className=…`, or mark one as default",
        )


def _rights(cluster: Cluster, place: Place) -> Iterator[Finding]:
    for verb, group, resource in _NEEDED:
        if not _may(cluster, place.namespace, verb, group, resource):
            yield Finding(
                f"you may not {verb} {resource} in namespace {place.namespace}",
                f"ask the cluster's administrator for the role `edit` and `networkpolicies` in {place.namespace}",
            )


def _may(cluster: Cluster, namespace: str, verb: str, group: str, resource: str) -> bool:
    client = cluster.client
    asked = client.V1ResourceAttributes(namespace=namespace, verb=verb, group=group, resource=resource)
    review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=asked))
    return bool(cluster.rights.create_self_subject_access_review(review, **seconds()).status.allowed)


def _machines(cluster: Cluster, _place: Place) -> Iterator[Finding]:
    if not _may(cluster, "", "list", "", "nodes"):
        return
    nodes = cluster.core.list_node(**seconds()).items
    ready = [one for one in nodes if any(c.type == "Ready" and c.status == "True" for c in one.status.conditions)]
    if not ready:
        yield Finding("no machine of the cluster is ready", "`kubectl describe nodes` says why")
    elif sum(_mib(one.status.allocatable["memory"]) for one in ready) < _MEMORY_MIB:
        yield Finding(f"the cluster's machines have less than {_MEMORY_MIB} MiB of memory", "add memory, or a machine")


def _mib(quantity: str) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", quantity).groups()  # type: ignore[union-attr] # as Kubernetes writes them
    return float(number) * _UNITS.get(unit, 1 / (1024 * 1024))


# The order in which they are told.
CHECKS: dict[str, Callable[[Cluster, Place], Iterator[Finding]]] = {
    "version": _version,
    "rights": _rights,
    "machines": _machines,
    "storage": _storage,
    "clock": _clock,
}
