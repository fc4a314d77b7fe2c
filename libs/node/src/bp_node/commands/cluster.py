"""`bluepacific cluster ...`: a node on Kubernetes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Json

app = typer.Typer(
    no_args_is_help=True, help="Install, look at, mend, upgrade, back up and restore a node on Kubernetes."
)

Namespace = Annotated[str, typer.Option("--namespace", "-n", help="Of the node.")]
Release = Annotated[str, typer.Option("--release", help="The name given with `helm install`.")]
Context = Annotated[str, typer.Option("--context", help="Of the kubeconfig; its current one if empty.")]


@app.command()
def preflight(*, namespace: Namespace, release: Release = "node", context: Context = "", as_json: Json = False) -> None:
    """Tell whether a node can be installed here: version, rights, storage, memory, clock. Changes nothing."""
    from bp_node.cluster import preflight as looked  # noqa: PLC0415 - as all below: help must come at once
    from bp_node.cluster.connecting import Place  # noqa: PLC0415

    looked.preflight(context, Place(namespace, release), as_json=as_json)


@app.command()
def status(*, namespace: Namespace, release: Release = "node", context: Context = "", as_json: Json = False) -> None:
    """Show services, certificates, volumes and the last backup on one screen."""
    from bp_node.cluster import showing  # noqa: PLC0415
    from bp_node.cluster.connecting import Place  # noqa: PLC0415

    showing.status(context, Place(namespace, release), as_json=as_json)


@app.command()
def doctor(*, namespace: Namespace, release: Release = "node", context: Context = "", as_json: Json = False) -> None:
    """Find what is wrong, in order of importance, with the command that mends it."""
    from bp_node.cluster import doctor as examined  # noqa: PLC0415
    from bp_node.cluster.connecting import Place  # noqa: PLC0415

    examined.doctor(context, Place(namespace, release), as_json=as_json)


@app.command()
def install(
    chart: Annotated[Path, typer.Argument(help="From `make charts`.")],
    *,
    namespace: Namespace,
    release: Release = "node",
    values: Annotated[list[Path], typer.Option("--values", "-f", help="File of values; repeat for several.")],
    minutes: Annotated[int, typer.Option(min=1, max=120, help="How long it may take to become healthy.")] = 10,
    context: Context = "",
    as_json: Json = False,
) -> None:
    """Install a node after a preflight, whole or not at all."""
    from bp_node.cluster import installing  # noqa: PLC0415
    from bp_node.cluster.connecting import Place  # noqa: PLC0415

    installing.install(context, Place(namespace, release), chart, tuple(values), minutes, as_json=as_json)


@app.command()
def backup(
    *,
    namespace: Namespace,
    release: Release = "node",
    to: Annotated[Path | None, typer.Option(help="Bring the archive to this file as well; not there yet.")] = None,
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long it may take.")] = 60,
    context: Context = "",
    as_json: Json = False,
) -> None:
    """Copy the whole running node, as it is at one moment, into one encrypted archive on its volume of backups."""
    from bp_node.cluster import saving  # noqa: PLC0415
    from bp_node.cluster.connecting import Place  # noqa: PLC0415

    saving.backup(context, Place(namespace, release), to, minutes, as_json=as_json)


@app.command()
def restore(
    archive: Annotated[Path, typer.Argument(help="What `cluster backup --to` or `node backup` made.")],
    chart: Annotated[Path, typer.Argument(help="Of the same release or a newer one, from `make charts`.")],
    *,
    namespace: Namespace,
    release: Release = "node",
    values: Annotated[list[Path], typer.Option("--values", "-f", help="File of values; repeat for several.")],
    minutes: Annotated[int, typer.Option(min=1, max=120, help="How long it may take to become healthy.")] = 10,
    context: Context = "",
    as_json: Json = False,
) -> None:
    """Make a node of a backup in a namespace that has none; it gets a new incarnation, and everybody signs in again."""
    from bp_node.cluster import restoring  # noqa: PLC0415
    from bp_node.cluster.connecting import Place  # noqa: PLC0415

    where = Place(namespace, release)
    restoring.restore(context, where, archive, chart, tuple(values), minutes=minutes, as_json=as_json)


@app.command()
def upgrade(
    chart: Annotated[Path, typer.Argument(help="The new release's chart, from `make charts`.")],
    *,
    namespace: Namespace,
    release: Release = "node",
    values: Annotated[
        list[Path] | None,
        typer.Option("--values", "-f", help="File of values; repeat for several. None: those in force."),
    ] = None,
    minutes: Annotated[int, typer.Option(min=1, max=120, help="How long health may take to return.")] = 10,
    context: Context = "",
    as_json: Json = False,
) -> None:
    """Upgrade a node that is well, and go back by itself when it does not become healthy."""
    from bp_node.cluster import upgrading  # noqa: PLC0415
    from bp_node.cluster.connecting import Place  # noqa: PLC0415

    upgrading.upgrade(context, Place(namespace, release), chart, tuple(values or ()), minutes, as_json=as_json)


@app.command("support-bundle")
def support_bundle(
    target: Annotated[Path, typer.Argument(help="The file to write: support.tar.gz.")],
    *,
    namespace: Namespace,
    release: Release = "node",
    context: Context = "",
    as_json: Json = False,
) -> None:
    """Gather logs, events and settings for somebody who helps. No secrets, no content."""
    from bp_node.cluster import supporting  # noqa: PLC0415
    from bp_node.cluster.connecting import Place  # noqa: PLC0415

    supporting.support_bundle(context, Place(namespace, release), target, as_json=as_json)
