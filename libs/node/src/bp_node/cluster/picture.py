"""What a node on Kubernetes looks like now: its services, certificates and volumes, gathered once for every command that tells of it."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cryptography import x509

from bp_node.cluster.connecting import Cluster, Place, seconds
from bp_node.failure import CommandError


@dataclass(frozen=True)
class Service:
    """One service.

    Attributes:
        name: Short: `exchange`.
        wanted: Pods that should be.
        ready: Pods that serve.
        restarts: Of all its pods, since they were made.
        image: What runs.
        trouble: Why a pod does not serve, as Kubernetes or the pod itself says it; empty when all do.
    """

    name: str
    wanted: int
    ready: int
    restarts: int
    image: str
    trouble: str


@dataclass(frozen=True)
class Certificate:
    """A service's certificate from the node's own authority."""

    service: str
    days: int


@dataclass(frozen=True)
class Volume:
    """A claim of the node: `Bound` when there is a disk behind it."""

    name: str
    state: str
    size: str


@dataclass(frozen=True)
class Backups:
    """The node's backups.

    Attributes:
        schedule: As cron says it, in UTC; empty when they are taken by hand alone.
        hours: Age of the last that succeeded; None when none ever did.
    """

    schedule: str
    hours: int | None


@dataclass(frozen=True)
class Picture:
    """A node, seen from outside; its backups are None where none are set up."""

    node: str
    services: tuple[Service, ...]
    certificates: tuple[Certificate, ...]
    volumes: tuple[Volume, ...]
    backups: Backups | None = None

    def document(self) -> dict[str, Any]:
        """Returns it for a script."""
        return asdict(self)


def look(cluster: Cluster, place: Place, now: datetime) -> Picture:
    """Returns the picture of a node.

    Raises:
        CommandError: There is no node of that name.
    """
    chosen: dict[str, Any] = {"label_selector": place.selector, **seconds()}
    deployments = cluster.apps.list_namespaced_deployment(place.namespace, **chosen).items
    if not deployments:
        raise CommandError(
            f"no node {place.release} is in namespace {place.namespace}; name it with --namespace and --release"
        )
    pods = cluster.core.list_namespaced_pod(place.namespace, **chosen).items
    secrets = cluster.core.list_namespaced_secret(place.namespace, **chosen).items
    claims = cluster.core.list_namespaced_persistent_volume_claim(place.namespace, **chosen).items
    crons = cluster.batch.list_namespaced_cron_job(place.namespace, **chosen).items
    return Picture(
        node=f"{place.namespace}/{place.release}",
        services=tuple(sorted((_service(one, pods) for one in deployments), key=lambda one: one.name)),
        certificates=tuple(found for one in secrets if (found := _certificate(one, now))),
        volumes=tuple(Volume(one.metadata.name, one.status.phase, _size(one)) for one in claims),
        backups=next((_backups(one, now) for one in crons), None),
    )


def _backups(cron: Any, now: datetime) -> Backups:
    last = cron.status.last_successful_time
    hours = None if last is None else int((now - last).total_seconds() // 3600)
    return Backups("" if cron.spec.suspend else cron.spec.schedule, hours)


def _service(deployment: Any, pods: list[Any]) -> Service:
    name = _component(deployment)
    own = [pod for pod in pods if _component(pod) == name and "bluepacific/serves" in pod.metadata.labels]
    states = [state for pod in own for state in pod.status.container_statuses or ()]
    return Service(
        name=name,
        wanted=deployment.spec.replicas or 0,
        ready=deployment.status.ready_replicas or 0,
        restarts=sum(state.restart_count for state in states),
        image=deployment.spec.template.spec.containers[0].image,
        trouble=next((told for pod in own if (told := trouble_of(pod))), ""),
    )


def trouble_of(pod: Any) -> str:
    """Returns why a pod does not serve; empty when it does."""
    for state in (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())):
        ended = (state.state and state.state.terminated) or (state.last_state and state.last_state.terminated)
        if (
            state.state
            and state.state.waiting
            and state.state.waiting.reason not in ("PodInitializing", "ContainerCreating")
        ):
            said = (ended and ended.message) or state.state.waiting.message or ""
            return f"{state.state.waiting.reason}: {said.strip()[-300:]}".rstrip(": ")
    for condition in pod.status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            return f"{condition.reason}: {condition.message}"
    return ""


def _component(one: Any) -> str:
    return str(one.metadata.labels.get("app.kubernetes.io/component", ""))


def _certificate(secret: Any, now: datetime) -> Certificate | None:
    if secret.type != "kubernetes.io/tls" or not (secret.data or {}).get("tls.crt"):
        return None
    certificate = x509.load_pem_x509_certificate(base64.b64decode(secret.data["tls.crt"]))
    return Certificate(_component(secret), (certificate.not_valid_after_utc - now).days)


def _size(claim: Any) -> str:
    held = (claim.status.capacity or {}).get("storage")
    return str(held or claim.spec.resources.requests.get("storage", ""))
