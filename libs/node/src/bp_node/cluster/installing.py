"""`bluepacific cluster install`: a new node, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bp_node.cluster import helm
from bp_node.cluster.connecting import Cluster, Place, connected, seconds
from bp_node.cluster.needs import check_needs
from bp_node.cluster.picture import trouble_of
from bp_node.cluster.preflight import preflight
from bp_node.failure import EXIT_FAILED, CommandError
from bp_node.screen import say, say_json, working

_NEVER = ("InvalidImageName", "CreateContainerConfigError", "ErrImageNeverPull")
# More than a service that waits for another needs at its first start.
_OFTEN = 4


def install(context: str, place: Place, chart: Path, values: tuple[Path, ...], minutes: int, *, as_json: bool) -> None:
    """Installs a node, and takes it away again when it does not become healthy.

    Args:
        context: Of the kubeconfig; empty for the current one.
        place: Where; its namespace is made when it is not there.
        chart: From `make charts`.
        values: Files of values.
        minutes: How long it may take to become healthy.
        as_json: Write JSON.

    Raises:
        CommandError: The cluster lacks something, the values are refused, something that they name is missing, a node is there already, or
            it did not become healthy.
    """
    helm.needed("helm")
    helm.check_chart(chart)
    check_new(context, place)
    preflight(context, place, as_json=as_json)
    check_needs(context, place, chart, values)
    waited = ["--wait", "--timeout", f"{minutes}m", "--create-namespace"]
    with working(f"installing {place.release}, at most {minutes} minutes", quiet=as_json):
        told = [str(chart), *helm.named(place), *helm.files_of(values), *waited]
        failed = helm.helm_until(lambda: hopeless(context, place), context, "install", place.release, *told)
        why = (_why(context, place) or failed) if failed else ""
        if failed:
            take_away(context, place)
    if failed:
        raise CommandError(f"the node did not become healthy and was taken away again: {why}", EXIT_FAILED)
    if as_json:
        say_json({"node": f"{place.namespace}/{place.release}"})
    else:
        say(f"[green]✓[/green] {place.release} serves in {place.namespace}; `helm get notes` tells what is next")


def check_new(context: str, place: Place) -> None:
    """Returns when nothing of such a node is there.

    Raises:
        CommandError: Something is: a release, or volumes that one left.
    """
    if helm.revision_of(context, place):
        raise CommandError(f"{place.release} is installed in {place.namespace} already: `bluepacific cluster upgrade`")
    with connected(context) as cluster:
        if claims := _claims(cluster, place):
            raise CommandError(
                f"namespace {place.namespace} has volumes of a node ({', '.join(claims)}), which this would take over: "
                "take another namespace, or delete them if nobody needs what is on them"
            )


def take_away(context: str, place: Place) -> None:
    """Removes a node that never served, with its volumes, which are empty, and what Helm leaves."""
    helm.helm(context, "uninstall", place.release, *helm.named(place), "--wait")
    chosen: dict[str, Any] = {"label_selector": place.selector, **seconds()}
    with connected(context) as cluster:
        cluster.batch.delete_collection_namespaced_job(place.namespace, propagation_policy="Background", **chosen)
        cluster.core.delete_collection_namespaced_persistent_volume_claim(place.namespace, **chosen)
        cluster.core.delete_collection_namespaced_secret(place.namespace, **chosen)


def hopeless(context: str, place: Place) -> str:
    """Returns why waiting for a node's pods is in vain: one of them ends again and again, or can never start; empty while there is hope."""
    with connected(context) as cluster:
        pods = cluster.core.list_namespaced_pod(place.namespace, label_selector=place.selector, **seconds()).items
    for pod in pods:
        for state in (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())):
            reason = state.state.waiting.reason if state.state and state.state.waiting else ""
            if reason in _NEVER or (reason == "CrashLoopBackOff" and state.restart_count >= _OFTEN):
                return f"{pod.metadata.name}: {trouble_of(pod)}"
    return ""


def _claims(cluster: Cluster, place: Place) -> Sequence[str]:
    found = cluster.core.list_namespaced_persistent_volume_claim(
        place.namespace, label_selector=place.selector, **seconds()
    )
    return [one.metadata.name for one in found.items]


def _why(context: str, place: Place) -> str:
    """Returns what a pod says of why it does not serve; of migrations, which come first, the last line of their log."""
    with connected(context) as cluster:
        pods = cluster.core.list_namespaced_pod(place.namespace, label_selector=place.selector, **seconds()).items
        for pod in pods:
            if pod.status.phase == "Failed":
                return f"{pod.metadata.labels.get('app.kubernetes.io/component')}: {last_line(cluster, pod)}"
        return next((f"{pod.metadata.name}: {told}" for pod in pods if (told := trouble_of(pod))), "")


def last_line(cluster: Cluster, pod: Any) -> str:
    """Returns the last line that a pod wrote."""
    text = cluster.core.read_namespaced_pod_log(pod.metadata.name, pod.metadata.namespace, tail_lines=1, **seconds())
    return str(text).strip()
