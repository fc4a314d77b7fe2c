"""`bluepacific bundle ...`: releases on a stick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Json
from bp_node.commands.register import Passphrase

app = typer.Typer(no_args_is_help=True, help="A release on a stick, for machines without internet; signed.")
Bundle = Annotated[Path, typer.Argument(help="The bundle's folder.")]


@app.command()
def build(
    to: Annotated[Path, typer.Argument(help="The bundle's folder; not there yet.")],
    *,
    key: Annotated[Path, typer.Option(help="The releaser's key, made with `register keys new`.")],
    image: Annotated[list[Path] | None, typer.Option(help="An archive of `docker save`; repeat.")] = None,
    add: Annotated[list[str] | None, typer.Option(help="NAME=PATH: a folder or file; repeat.")] = None,
    release: Annotated[str, typer.Option(help="Its name; this program's version when not given.")] = "",
    since: Annotated[
        Path | None, typer.Option(help="An earlier bundle or its manifest.json: only what changed is put in.")
    ] = None,
    passphrase_file: Passphrase = None,
    as_json: Json = False,
) -> None:
    """Make a bundle of images, charts and whatever else an installation needs."""
    from bp_node.bundling import building  # noqa: PLC0415 - help must come at once

    wanted = building.Wanted(image or (), add or (), release, since)
    building.build(to, wanted, key, passphrase_file, as_json=as_json)


@app.command()
def verify(
    bundle: Bundle,
    *,
    trust: Annotated[Path, typer.Option(help="The .pub file of the releaser's key.")],
    as_json: Json = False,
) -> None:
    """Say whether a bundle is whole, and signed with a key."""
    from bp_node.bundling import installing  # noqa: PLC0415

    installing.verify(bundle, trust, as_json=as_json)


@app.command()
def install(
    bundle: Bundle,
    *,
    to: Annotated[Path, typer.Option("--dir", help="Where releases are kept on this machine.")] = Path("releases"),
    trust: Annotated[
        Path | None, typer.Option(help="The .pub file of the releaser's key; the first time, then it is known.")
    ] = None,
    older: Annotated[bool, typer.Option("--older", help="Also a release older than the newest one here.")] = False,
    as_json: Json = False,
) -> None:
    """Take a release from a bundle, or say why not and change nothing."""
    from bp_node.bundling import installing  # noqa: PLC0415

    installing.install(bundle, to, trust, older=older, as_json=as_json)
