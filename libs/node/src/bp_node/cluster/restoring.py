"""`bluepacific cluster restore`: a node out of an archive, into a namespace that has none."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from bp_node.cluster import helm
from bp_node.cluster.connecting import Place, connected
from bp_node.cluster.installing import check_new, take_away
from bp_node.cluster.keeper import keeper
from bp_node.cluster.needs import check_needs
from bp_node.cluster.preflight import preflight
from bp_node.failure import EXIT_FAILED, CommandError, told_plainly
from bp_node.screen import say, say_json, working

_ARCHIVE = "/scratch/archive"
_TAKE = f"import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, open({_ARCHIVE!r}, 'xb'))"
_RESTORE = (
    *("python", "-m", "bp_node", "node", "restore", _ARCHIVE, "--dir", "/scratch/node", "--volumes", "/volumes"),
    *("--passphrase-file", "/run/bluepacific/backup/passphrase", "--json"),
)


def restore(
    context: str, place: Place, archive: Path, chart: Path, values: tuple[Path, ...], *, minutes: int, as_json: bool
) -> None:
    """Installs a node without pods, fills its volumes and databases from an archive, and starts it.

    Args:
        context: Of the kubeconfig; empty for the current one.
        place: Where; nothing of a node may be there. The Secret with the archive's passphrase must.
        archive: What `backup` made, on this machine.
        chart: Of the same release or a newer one.
        values: Files of values.
        minutes: How long the node may take to become healthy.
        as_json: Write JSON.

    Raises:
        CommandError: The cluster lacks something, a node is there already, the values are refused, or the archive cannot be restored; then
            what was made is gone again.
    """
    helm.needed("helm", "kubectl")
    helm.check_chart(chart)
    with told_plainly("read", archive), archive.open("rb"):
        pass
    check_new(context, place)
    preflight(context, place, as_json=as_json)
    check_needs(context, place, chart, values)
    with working(f"restoring {archive.name}", quiet=as_json):
        try:
            told = _filled(context, place, archive, [str(chart), *helm.named(place), *helm.files_of(values)])
        except BaseException:
            take_away(context, place)
            raise
    arguments = [str(chart), *helm.named(place), *helm.files_of(values), "--wait", "--timeout", f"{minutes}m"]
    with working(f"starting {place.release}, at most {minutes} minutes", quiet=as_json):
        failed = helm.helm(context, "upgrade", place.release, *arguments)
    if failed:
        raise CommandError(f"restored, but not healthy: {failed}; `bluepacific cluster doctor` says more", EXIT_FAILED)
    if as_json:
        say_json({**told, "dir": f"{place.namespace}/{place.release}"})
        return
    say(f"{told['node']} as it was at {told['moment']} serves in {place.namespace}")
    say("never run it and the old one at the same time: they have the same keys. Everybody has to sign in again")


def _filled(context: str, place: Place, archive: Path, arguments: list[str]) -> dict[str, Any]:
    paused = ["--set", "global.paused=true", "--timeout", "10m"]
    if failed := helm.helm(context, "install", place.release, *arguments, *paused):
        raise CommandError(f"nothing was restored: {failed}", EXIT_FAILED)
    with connected(context) as cluster, keeper(cluster, place) as pod:
        with archive.open("rb") as file:
            taken = _run(helm.execute(context, place, pod, *helm.KUBECTL_PYTHON, _TAKE), stdin=file)
        done = _run(helm.execute(context, place, pod, *_RESTORE)) if not taken.returncode else taken
    if done.returncode:
        said = [line for line in done.stderr.decode().splitlines() if line.startswith("bluepacific: ")]
        why = said[-1].removeprefix("bluepacific: ") if said else done.stderr.decode().strip()[-300:]
        raise CommandError(f"nothing was restored: {why}", EXIT_FAILED)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, check=False, **options)  # noqa: S603 - kubectl
