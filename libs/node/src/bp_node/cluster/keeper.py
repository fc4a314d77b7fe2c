"""The pod that backups run in, with every volume of the node: taken from the chart's CronJob, to run what we say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bp_kit.ports import new_id
from bp_node.cluster.connecting import Cluster, Place, seconds
from bp_node.cluster.picture import trouble_of
from bp_node.failure import EXIT_FAILED, CommandError

_START_SECONDS = 300
_LOOK_SECONDS = 0.5
_NOT_FOUND = 404
# The image's own Python, which is its entry point.
_WAIT = ["/opt/bluepacific/bin/python", "-I", "-S", "-c", "import time; time.sleep(86400)"]


def cron_of(cluster: Cluster, place: Place) -> Any:
    """Returns the CronJob of a node's backups.

    Raises:
        CommandError: There is none.
    """
    try:
        return cluster.batch.read_namespaced_cron_job(f"{place.release}-backup", place.namespace, **seconds())
    except cluster.client.ApiException as error:
        if error.status != _NOT_FOUND:
            raise
        raise CommandError(
            f"{place.namespace}/{place.release} takes no backups: name a Secret with a passphrase in `backup.passphraseSecret`"
        ) from error


@contextmanager
def keeper(cluster: Cluster, place: Place) -> Iterator[str]:
    """Gives the name of a pod with the node's volumes, which does nothing until it is told; gone after the block.

    Raises:
        CommandError: It does not start.
    """
    cron = cron_of(cluster, place)
    template = cluster.api.sanitize_for_serialization(cron.spec.job_template.spec.template)
    (container,) = template["spec"]["containers"]
    template["spec"]["containers"] = [{**container, "command": _WAIT, "args": []}]
    template["spec"] |= {"terminationGracePeriodSeconds": 1, "activeDeadlineSeconds": 86400}
    name = f"{cron.metadata.name}-{new_id()[-12:]}"
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**template["metadata"], "name": name}}
    cluster.core.create_namespaced_pod(place.namespace, {**pod, "spec": template["spec"]}, **seconds())
    try:
        _started(cluster, place, name)
        yield name
    finally:
        cluster.core.delete_namespaced_pod(name, place.namespace, **seconds())


def _started(cluster: Cluster, place: Place, name: str) -> None:
    trouble, end = "", time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        pod = cluster.core.read_namespaced_pod(name, place.namespace, **seconds())
        if pod.status.phase == "Running":
            return
        trouble = trouble_of(pod)
        time.sleep(_LOOK_SECONDS)
    raise CommandError(f"the pod with the node's volumes does not start: {trouble or 'see its events'}", EXIT_FAILED)
