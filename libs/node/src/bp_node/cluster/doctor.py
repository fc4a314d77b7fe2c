"""`bluepacific cluster doctor`: what is wrong with a node on Kubernetes, in order of importance, with the command that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bp_kit.ports import system_clock
from bp_node.cluster.connecting import Place, connected
from bp_node.cluster.picture import Picture, look
from bp_node.cluster.telling import tell
from bp_node.doctor.finding import Finding

_SOON_DAYS = 30
_MANY_RESTARTS = 5
_OLD_BACKUP_HOURS = 48


def doctor(context: str, place: Place, *, as_json: bool) -> None:
    """Examines a node.

    Raises:
        CommandError: The cluster does not answer, there is no such node, or something urgent was found.
    """
    with connected(context) as cluster:
        picture = look(cluster, place, system_clock())
    findings = [(name, found) for name, check in CHECKS.items() for found in check(picture, place)]
    tell(picture.node, list(CHECKS), findings, as_json=as_json)


def _volumes(picture: Picture, place: Place) -> Iterator[Finding]:
    for one in picture.volumes:
        if one.state != "Bound":
            yield Finding(
                f"the volume {one.name} has no disk behind it ({one.state})",
                f"kubectl describe pvc {one.name} -n {place.namespace}",
            )


def _services(picture: Picture, place: Place) -> Iterator[Finding]:
    for one in picture.services:
        if one.ready == 0 and one.wanted:
            why = f": {one.trouble}" if one.trouble else ""
            yield Finding(
                f"{one.name} does not serve{why}",
                f"kubectl logs -n {place.namespace} deploy/{place.release}-{one.name} --previous",
            )
        elif one.wanted == 0:
            yield Finding(
                f"{one.name} was scaled to no pods",
                f"kubectl scale -n {place.namespace} deploy/{place.release}-{one.name} --replicas=1",
            )


def _certificates(picture: Picture, place: Place) -> Iterator[Finding]:
    for one in picture.certificates:
        if one.days < _SOON_DAYS:
            left = f"ends in {one.days} days" if one.days >= 0 else "has ended"
            yield Finding(
                f"the certificate of {one.service} {left}",
                f"helm upgrade {place.release} CHART -n {place.namespace} --reuse-values --set global.tls.renewal=NEW",
                urgent=one.days < _SOON_DAYS // 4,
            )


def _missing_pods(picture: Picture, place: Place) -> Iterator[Finding]:
    for one in picture.services:
        if 0 < one.ready < one.wanted:
            yield Finding(
                f"{one.name} has {one.ready} of {one.wanted} pods{': ' + one.trouble if one.trouble else ''}",
                f"kubectl get pods -n {place.namespace} -l app.kubernetes.io/component={one.name}",
                urgent=False,
            )


def _restarts(picture: Picture, place: Place) -> Iterator[Finding]:
    for one in picture.services:
        if one.restarts >= _MANY_RESTARTS:
            yield Finding(
                f"pods of {one.name} started again {one.restarts} times",
                f"kubectl logs -n {place.namespace} deploy/{place.release}-{one.name} --previous",
                urgent=False,
            )


def _images(picture: Picture, place: Place) -> Iterator[Finding]:
    images = {one.image for one in picture.services}
    if len(images) > 1:
        yield Finding(
            f"the services run different releases: {', '.join(sorted(images))}",
            f"helm history {place.release} -n {place.namespace}, then upgrade or roll back once more",
            urgent=False,
        )


def _backups(picture: Picture, place: Place) -> Iterator[Finding]:
    mend = f"bluepacific cluster backup -n {place.namespace} --release {place.release} --to FILE"
    if picture.backups is None:
        secret = f"kubectl create secret generic backup -n {place.namespace} --from-literal=passphrase=…"
        yield Finding("no backups are set up", f"{secret}, and name it in `backup.passphraseSecret`", urgent=False)
    elif picture.backups.hours is None:
        yield Finding("this node was never backed up", mend, urgent=False)
    elif picture.backups.hours > _OLD_BACKUP_HOURS:
        yield Finding(f"the last backup is {picture.backups.hours // 24} days old", mend, urgent=False)


# The most important first.
CHECKS: dict[str, Callable[[Picture, Place], Iterator[Finding]]] = {
    "volumes": _volumes,
    "services": _services,
    "certificates": _certificates,
    "pods": _missing_pods,
    "backups": _backups,
    "restarts": _restarts,
    "images": _images,
}
