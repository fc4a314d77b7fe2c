"""`bluepacific cluster backup`: the nightly Job, run now; and its archive fetched to this machine."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from bp_kit.ports import new_id
from bp_node.cluster import helm
from bp_node.cluster.connecting import Cluster, Place, connected, seconds
from bp_node.cluster.installing import last_line
from bp_node.cluster.keeper import cron_of, keeper
from bp_node.failure import EXIT_FAILED, CommandError, told_plainly
from bp_node.screen import say, say_json, working

_LOOK_SECONDS = 1.0
_MIB = 1024 * 1024
_WRITE_OUT = "import shutil, sys; shutil.copyfileobj(open(sys.argv[1], 'rb'), sys.stdout.buffer)"


def backup(context: str, place: Place, target: Path | None, minutes: int, *, as_json: bool) -> None:
    """Backs a node up while it runs.

    Args:
        context: Of the kubeconfig; empty for the current one.
        place: Which node.
        target: A file on this machine to bring the archive to as well; not there yet.
        minutes: How long it may take.
        as_json: Write JSON.

    Raises:
        CommandError: The node's values name no passphrase, the Job failed, or the file cannot be written.
    """
    if target:
        helm.needed("kubectl")
        if target.exists():
            raise CommandError(f"{target} is there already: choose another name, or move it away")
    with connected(context) as cluster:
        with working(f"backing up {place.release}", quiet=as_json):
            told = json.loads(_ran(cluster, place, minutes))
        if target:
            with working(f"fetching {target.name}", quiet=as_json), keeper(cluster, place) as pod:
                _fetch(context, place, pod, told, target)
    if as_json:
        say_json({**told, **({"fetched": str(target.absolute())} if target else {})})
        return
    where = target or f"{told['file'].rpartition('/')[2]} on the volume {place.release}-backups"
    say(f"{told['node']} as it was at {told['moment']} is in {where} ({told['bytes'] / _MIB:.1f} MiB)")


def _ran(cluster: Cluster, place: Place, minutes: int) -> str:
    """Runs the Job as cron would, and returns what it wrote. Owned by its CronJob, it counts as that one's last success."""
    cron = cron_of(cluster, place)
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": cron.metadata.name, "uid": cron.metadata.uid}
    name = f"{cron.metadata.name}-{new_id()[-12:]}"
    metadata = {"name": name, "labels": cron.spec.job_template.metadata.labels}
    spec = cluster.api.sanitize_for_serialization(cron.spec.job_template.spec)
    job = {"apiVersion": "batch/v1", "kind": "Job", "spec": {**spec, "backoffLimit": 0}}
    job["metadata"] = {**metadata, "ownerReferences": [{**owner, "controller": True}]}
    cluster.batch.create_namespaced_job(place.namespace, job, **seconds())
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        status = cluster.batch.read_namespaced_job_status(name, place.namespace, **seconds()).status
        if status.succeeded or status.failed:
            said = _said(cluster, place, name)
            if status.failed:
                raise CommandError(f"the backup failed: {said.removeprefix('bluepacific: ')}", EXIT_FAILED)
            return said
        time.sleep(_LOOK_SECONDS)
    raise CommandError(f"the backup is not done after {minutes} minutes; it goes on as the Job {name}", EXIT_FAILED)


def _said(cluster: Cluster, place: Place, job: str) -> str:
    pods = cluster.core.list_namespaced_pod(place.namespace, label_selector=f"job-name={job}", **seconds()).items
    return last_line(cluster, pods[0]) if pods else "its pod is gone"


def _fetch(context: str, place: Place, pod: str, told: dict[str, Any], target: Path) -> None:
    unfinished = target.with_name(f".{target.name}.part")
    command = helm.execute(context, place, pod, *helm.KUBECTL_PYTHON, _WRITE_OUT, str(told["file"]))
    try:
        with told_plainly("write", target):
            with unfinished.open("xb") as file:
                unfinished.chmod(0o600)
                done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, check=False)  # noqa: S603 - kubectl
            if done.returncode or unfinished.stat().st_size != told["bytes"]:
                raise CommandError(f"the archive could not be fetched; it is {told['file']} on its volume", EXIT_FAILED)
            unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
