"""`bluepacific cluster upgrade`: the new release, and back to the one before when health does not return."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from bp_node.cluster.connecting import Place
from bp_node.cluster.doctor import doctor
from bp_node.failure import EXIT_FAILED, CommandError
from bp_node.screen import say, say_json, working


def upgrade(context: str, place: Place, chart: Path, values: tuple[Path, ...], minutes: int, *, as_json: bool) -> None:
    """Upgrades a node that is well, with Helm.

    Args:
        context: Of the kubeconfig; empty for the current one.
        place: Which node.
        chart: The new release's chart.
        values: Files of values; none keeps those in force.
        minutes: How long health may take to return.
        as_json: Write JSON.

    Raises:
        CommandError: Helm is missing, the node is not well to begin with, or the new release did not become healthy.
    """
    if not shutil.which("helm"):
        raise CommandError("helm is not installed here")
    if not (chart / "Chart.yaml").is_file() and chart.suffix != ".tgz":
        raise CommandError(f"{chart} is no chart; make one with `make charts`")
    doctor(context, place, as_json=as_json)
    before = _revision(context, place)
    files = [part for file in values for part in ("-f", str(file))] or ["--reset-then-reuse-values"]
    waited = ["--wait", "--timeout", f"{minutes}m"]
    with working(f"upgrading {place.release}, at most {minutes} minutes", quiet=as_json):
        failed = _helm(context, "upgrade", place.release, str(chart), "-n", place.namespace, *files, *waited)
    if failed:
        with working(f"it did not become healthy; going back to revision {before}", quiet=as_json):
            back = _helm(context, "rollback", place.release, str(before), "-n", place.namespace, *waited)
        ended = "and going back failed, too" if back else f"revision {before} serves again"
        raise CommandError(f"the upgrade failed, {ended}: {failed}", EXIT_FAILED)
    after = _revision(context, place)
    if as_json:
        say_json({"node": f"{place.namespace}/{place.release}", "before": before, "after": after})
    else:
        say(
            f"[green]✓[/green] {place.release} is at revision {after}; back with `helm rollback {place.release} {before}`"
        )


def _revision(context: str, place: Place) -> int:
    done = subprocess.run(  # noqa: S603 - Helm, with what the operator said
        _command(context, "status", place.release, "-n", place.namespace, "-o", "json"),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"Helm knows no {place.release} in {place.namespace}: {done.stderr.strip()}")
    return int(json.loads(done.stdout)["version"])


def _helm(context: str, *arguments: str) -> str:
    """Runs Helm and returns why it failed; empty when it did not."""
    done = subprocess.run(_command(context, *arguments), capture_output=True, text=True, check=False)  # noqa: S603 - as above
    lines = done.stderr.strip().splitlines()
    return (lines[-1] if lines else "helm failed") if done.returncode else ""


def _command(context: str, *arguments: str) -> list[str]:
    return ["helm", *arguments, *(["--kube-context", context] if context else [])]
