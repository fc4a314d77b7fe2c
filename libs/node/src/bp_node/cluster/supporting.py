"""`bluepacific cluster support-bundle`: what somebody who helps must see, and nothing of what a node keeps secret."""

from __future__ import annotations

import io
import json
import tarfile
import time
from pathlib import Path
from typing import Any

from bp_kit.ports import system_clock
from bp_node.cluster.connecting import Cluster, Place, connected, seconds
from bp_node.cluster.doctor import CHECKS
from bp_node.cluster.picture import look
from bp_node.failure import CommandError, told_plainly
from bp_node.screen import say, say_json, working

_LINES = 2000


def support_bundle(context: str, place: Place, target: Path, *, as_json: bool) -> None:
    """Writes a .tar.gz of the picture, findings, events, objects and logs. Secrets are not read but for certificates' days.

    Args:
        context: Of the kubeconfig; empty for the current one.
        place: Which node.
        target: The file; must not be there.
        as_json: Write JSON.

    Raises:
        CommandError: The cluster does not answer, there is no such node, or the file cannot be written.
    """
    if target.exists():
        raise CommandError(f"{target} is there already")
    with connected(context) as cluster, working(f"gathering {place.release}", quiet=as_json):
        files = _gathered(cluster, place)
    with told_plainly("write", target), tarfile.open(target, "x:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{place.namespace}-{place.release}/{name}")
            content = text.encode()
            entry.size, entry.mtime, entry.mode = len(content), int(time.time()), 0o600
            archive.addfile(entry, io.BytesIO(content))
    target.chmod(0o600)
    if as_json:
        say_json({"file": str(target), "entries": sorted(files)})
    else:
        say(
            f"{len(files)} files in {target}: logs, events, settings without secrets. Look through it before you send it."
        )


def _gathered(cluster: Cluster, place: Place) -> dict[str, str]:
    picture = look(cluster, place, system_clock())
    found = [one.what for check in CHECKS.values() for one in check(picture, place)]
    chosen: dict[str, Any] = {"label_selector": place.selector, **seconds()}
    pods = cluster.core.list_namespaced_pod(place.namespace, **chosen).items
    events = cluster.core.list_namespaced_event(place.namespace, **seconds()).items
    files = {
        "picture.json": _json(picture.document()),
        "findings.txt": "\n".join(found) + "\n",
        "pods.json": _json([_without_secrets(cluster.api.sanitize_for_serialization(pod)) for pod in pods]),
        "events.txt": "".join(
            f"{one.last_timestamp} {one.type} {one.reason} {one.involved_object.name}: {one.message}\n"
            for one in events
        ),
    }
    for pod in pods:
        for container in (*(pod.spec.init_containers or ()), *pod.spec.containers):
            files[f"logs/{pod.metadata.name}.{container.name}.log"] = _log(cluster, pod, container.name)
    return files


def _log(cluster: Cluster, pod: Any, container: str) -> str:
    try:
        return str(
            cluster.core.read_namespaced_pod_log(
                pod.metadata.name, pod.metadata.namespace, container=container, tail_lines=_LINES, **seconds()
            )
        )
    except cluster.client.ApiException as error:
        return f"not to be had: {error.reason}\n"


def _without_secrets(pod: dict[str, Any]) -> dict[str, Any]:
    """Blanks the value of every variable that could hold a password: URLs with users, and all that is named like one."""
    spec = pod["spec"]
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        for variable in container.get("env", ()):
            value, name = variable.get("value", ""), variable["name"]
            if "@" in value or any(word in name for word in ("PASSWORD", "SECRET", "TOKEN_FILE", "DATABASE_URL")):
                variable["value"] = "[redacted]" if value else ""
    return pod


def _json(document: Any) -> str:
    return json.dumps(document, indent=1, default=str) + "\n"
