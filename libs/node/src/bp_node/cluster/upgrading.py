"""`bluepacific cluster upgrade`: the new release, and back to the one before when health does not return."""

from __future__ import annotations

from pathlib import Path

from bp_node.cluster import helm
from bp_node.cluster.connecting import Place
from bp_node.cluster.doctor import doctor
from bp_node.cluster.installing import hopeless
from bp_node.cluster.needs import check_needs
from bp_node.cluster.preflight import preflight
from bp_node.failure import EXIT_FAILED, CommandError
from bp_node.screen import say, say_json, working

_BACK_MINUTES = 10


def upgrade(context: str, place: Place, chart: Path, values: tuple[Path, ...], minutes: int, *, as_json: bool) -> None:
    """Upgrades a node that is well, on a cluster that is well, with Helm.

    Args:
        context: Of the kubeconfig; empty for the current one.
        place: Which node.
        chart: The new release's chart.
        values: Files of values; none keeps those in force.
        minutes: How long health may take to return.
        as_json: Write JSON.

    Raises:
        CommandError: Helm is missing, the cluster or the node is not well to begin with, the values are refused, or the new release did not
            become healthy.
    """
    helm.needed("helm")
    helm.check_chart(chart)
    before = helm.revision_of(context, place)
    if not before:
        raise CommandError(
            f"Helm knows no {place.release} in {place.namespace}: `bluepacific cluster install` makes one"
        )
    preflight(context, place, as_json=as_json)
    doctor(context, place, as_json=as_json)
    if values:
        check_needs(context, place, chart, values)
    files = helm.files_of(values) or ["--reset-then-reuse-values"]
    waited = ["--wait", "--timeout", f"{minutes}m"]
    with working(f"upgrading {place.release}, at most {minutes} minutes", quiet=as_json):
        told = [str(chart), *helm.named(place), *files, *waited]
        failed = helm.helm_until(lambda: hopeless(context, place), context, "upgrade", place.release, *told)
    if failed:
        with working(f"it did not become healthy; going back to revision {before}", quiet=as_json):
            # Whoever gives the new release little time wants the old one back, however long that takes.
            patience = ["--wait", "--timeout", f"{max(minutes, _BACK_MINUTES)}m"]
            back = helm.helm(context, "rollback", place.release, str(before), *helm.named(place), *patience)
        ended = f"and going back failed, too ({back})" if back else f"revision {before} serves again"
        raise CommandError(f"the upgrade failed, {ended}: {failed}", EXIT_FAILED)
    after = helm.revision_of(context, place)
    if as_json:
        say_json({"node": f"{place.namespace}/{place.release}", "before": before, "after": after})
    else:
        say(
            f"[green]✓[/green] {place.release} is at revision {after}; back with `helm rollback {place.release} {before}`"
        )
